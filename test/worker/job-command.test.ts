import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { JobCommand } from '../../src/worker/job-command.ts'
import type { Resolution } from '../../src/worker/program.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'

test('a path is run as it is written: absolute, or from the project directory', (t) => {
  const { directory, add, resolve } = project(t)
  add('bin/backup', 0o755)

  assert.deepEqual(resolve('bin/backup', '--all', ''), runs('bin/backup', '--all', ''))
  assert.deepEqual(resolve('./bin/backup'), runs('./bin/backup'))
  assert.deepEqual(resolve(join(directory, 'bin/backup'), 'x'), runs(join(directory, 'bin/backup'), 'x'))
})

test('a bare name is found by PATH, the first that can be run, and never in the shell', (t) => {
  const { directory, add, resolve } = project(t)
  add('first/tool', 0o644)
  mkdirSync(join(directory, 'second', 'tool'), { recursive: true })
  add('third/tool', 0o755)
  add('third/exit', 0o755)

  assert.deepEqual(resolve('tool', 'x'), runs(join(directory, 'third/tool'), 'x'))
  assert.deepEqual(resolve('exit', '1'), runs(join(directory, 'third/exit'), '1'))
  assert.match(reasonOf(resolve('cd')), /^the command cd is in none of the directories of PATH, first:/)
})

test('a bare name of a file in the project directory is refused with what to write', (t) => {
  const { add, resolve } = project(t)
  add('backup.sh', 0o755)

  assert.match(reasonOf(resolve('backup.sh')), /; write \.\/backup\.sh for the file in the project directory$/)
})

const REFUSED: readonly (readonly [name: string, mode: number | 'directory' | 'absent', reason: RegExp])[] = [
  ['bin/gone', 'absent', /^there is no command \/.+\/bin\/gone$/],
  ['bin/folder', 'directory', /^the command \/.+\/bin\/folder is not a file$/],
  ['bin/plain', 0o644, /^the command \/.+\/bin\/plain is not executable: run chmod \+x on it$/],
  ['bin/a.php', 0o644, /\.php is not executable: .+ it, or name its interpreter before it: \["php", "bin\/a\.php"\]$/],
  ['bin/b.php', 0o755, /\.php does not begin with #!: .+: \["php", "bin\/b\.php"\]$/],
]
for (const [name, mode, reason] of REFUSED) {
  test(`refused with what to do: ${name}`, (t) => {
    const { directory, add, resolve } = project(t)
    if (mode === 'directory') mkdirSync(join(directory, name), { recursive: true })
    else if (mode !== 'absent') add(name, mode, '')

    const resolution = resolve(name)

    assert.match(reasonOf(resolution), reason)
    assert.ok(resolution.kind === 'unstartable' && !resolution.final)
  })
}

test('a command that has come with a deploy is found by the next run', (t) => {
  const { directory, add } = project(t)
  const command = new JobCommand(['bin/late'], directory, '')

  const before = command.resolve()
  add('bin/late', 0o755)

  assert.deepEqual([before.kind, command.resolve().kind], ['unstartable', 'program'])
})

interface Project {
  readonly directory: string
  add(name: string, mode: number, text?: string): void
  resolve(...words: [string, ...string[]]): Resolution
}

function project(t: TestContext): Project {
  const directory = temporaryDirectory(t)
  return {
    directory,
    add(name, mode, text = '#!/bin/sh\n') {
      mkdirSync(join(directory, name, '..'), { recursive: true })
      writeFileSync(join(directory, name), text, { mode })
    },
    resolve: (...words) => new JobCommand(words, directory, 'first:second:third').resolve(),
  }
}

function runs(...command: string[]): Resolution {
  return { kind: 'program', command }
}

function reasonOf(resolution: Resolution): string {
  return resolution.kind === 'unstartable' ? resolution.reason : 'none'
}
