/**
 * What a runner is told is understood alike by whatever shell a system has as /bin/sh.
 */
import assert from 'node:assert/strict'
import { accessSync, chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import type { Command } from '../../src/worker/program-runner.ts'
import { Runner } from '../../src/worker/runner.ts'
import { SlotFiles } from '../../src/worker/slot-files.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'

const SHELLS = ['dash', 'bash', 'busybox', 'mksh', 'yash']
const KEEP = `#!/bin/sh
cat >"in.$TASK_ID"
printf %s "$1" >"arg.$TASK_ID"
echo "$TASK_ID $TASK_KEY $TASK_NAME $#" >>kept
exit "$(($TASK_ID % 3))"
`
const PARAMS = ['', 'no newline', "it's\n\\n $HOME `ls`\n", 'x'.repeat(4_096), 'é'.repeat(4_096)]

for (const name of SHELLS) {
  const path = find(name)
  test(`${name} runs several commands, with their input and their ends`, {
    skip: path === undefined && `this machine has no ${name}`,
  }, async (t) => {
    const directory = temporaryDirectory(t)
    const shell = join(directory, 'sh') // some are many programs, and go by their name
    symlinkSync(path ?? '', shell)
    mkdirSync(join(directory, 'state'))
    writeFileSync(join(directory, 'keep'), KEEP)
    chmodSync(join(directory, 'keep'), 0o755)
    const files = new SlotFiles(join(directory, 'state'), 0)
    afterwards(t, () => files.remove())
    const environment = { PATH: process.env.PATH ?? '', e: 'of the worker', r: '1', QUEUE_e: 'none' }
    const settings = { environment, projectDirectory: directory, installation: 'shop' }
    const runner = await Runner.start(files, settings, shell)
    afterwards(t, () => runner.close())
    const commands: readonly Command[] = PARAMS.map((param, i) => ({
      id: i + 1,
      attempt: 1,
      claimToken: 1,
      words: [join(directory, 'keep')],
      param,
      assignments: `TASK_NAME='keep ${Math.floor(i / 2)}'`,
    }))

    const begun = await runner.runAll(commands)
    const last = await runner.run({
      id: 9,
      attempt: 1,
      claimToken: 1,
      words: ['echo', 'said'],
      param: undefined,
      assignments: '',
    })

    assert.deepEqual(
      begun.map(({ ended }) => (ended.kind === 'status' ? ended.status : ended.kind)),
      PARAMS.map((_, i) => (i + 1) % 3),
    )
    for (const [i, param] of PARAMS.entries()) {
      assert.equal(readFileSync(join(directory, `in.${i + 1}`), 'utf8'), param)
      assert.equal(readFileSync(join(directory, `arg.${i + 1}`), 'utf8'), param)
    }
    assert.deepEqual(
      readFileSync(join(directory, 'kept'), 'utf8').trim().split('\n'),
      PARAMS.map((_, i) => `${i + 1} shop-${i + 1} keep ${Math.floor(i / 2)} 1`),
    )
    assert.deepEqual([last.kind, files.written()], ['status', 5])
  })
}

function find(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path)
        return true
      } catch {
        return false
      }
    })
}
