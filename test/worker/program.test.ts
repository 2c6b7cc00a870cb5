import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Programs, type Resolution, resolveProgram } from '../../src/worker/program.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'
import { isRoot } from '../helpers/server-program.ts'

const EXECUTABLE = 0o755
const PLAIN = 0o644

test('an executable file is run as it is, found by its exact name', (t) => {
  const { directory, add } = tasks(t)
  const program = add('send-msg', '#!/bin/sh\n', EXECUTABLE)

  assert.deepEqual(resolveProgram(directory, 'send-msg'), runs(program))
})

test('a file is found by its stem when it is the only one with that stem', (t) => {
  const { directory, add } = tasks(t)
  const program = add('send-msg.bin', '', EXECUTABLE)
  add('send-msgs.php', '<?php', PLAIN)
  add('send', '', EXECUTABLE)
  add('.send-msg.swp', '', EXECUTABLE)

  assert.deepEqual(resolveProgram(directory, 'send-msg'), runs(program))
  assertRefused(resolveProgram(directory, '.send-msg'), /^there is no program \.send-msg in /, false)
})

test('the exact name goes before the stem', (t) => {
  const { directory, add } = tasks(t)
  const program = add('report', '', EXECUTABLE)
  const php = add('report.php', '<?php', PLAIN)

  assert.deepEqual(resolveProgram(directory, 'report'), runs(program))
  assert.deepEqual(resolveProgram(directory, 'report.php'), runs('php', php))
})

test('a stem of two files is refused with both named, and may be mended by a deploy', (t) => {
  const { directory, add } = tasks(t)
  add('report.php', '<?php', PLAIN)
  add('report.js', '', PLAIN)

  assert.deepEqual(resolveProgram(directory, 'report'), {
    kind: 'unstartable',
    reason: 'report could be report.js or report.php: name the file with its extension',
    final: false,
  })
})

test('a program that is not there may come with the next deploy', (t) => {
  const { directory, add } = tasks(t)

  const before = resolveProgram(directory, 'late')
  const program = add('late', '', EXECUTABLE)

  assert.deepEqual(before, { kind: 'unstartable', reason: `there is no program late in ${directory}`, final: false })
  assert.deepEqual(resolveProgram(directory, 'late'), runs(program))
})

test('a program is warm by its name, and found without saying so', (t) => {
  const { directory, add } = tasks(t)
  const php = add('mail.warm.php', '<?php', PLAIN)
  const bare = add('sync.warm', '#!/bin/sh\n', EXECUTABLE)
  add('cold.php', '<?php', PLAIN)
  add('warm.php', '<?php', PLAIN)

  for (const name of ['mail', 'mail.warm', 'mail.warm.php'])
    assertWarm(resolveProgram(directory, name), 'mail.warm.php', ['php', php])
  for (const name of ['sync', 'sync.warm']) assertWarm(resolveProgram(directory, name), 'sync.warm', [bare])
  for (const name of ['cold', 'warm', 'warm.php']) {
    const resolution = resolveProgram(directory, name)
    assert.ok(resolution.kind === 'program' && resolution.warm === undefined, name)
  }
  assertRefused(resolveProgram(directory, 'mai'), /^there is no program mai in /, false)
})

test('a cold and a warm program of one name are told apart by it', (t) => {
  const { directory, add } = tasks(t)
  const cold = add('mail.php', '<?php', PLAIN)
  const warm = add('mail.warm.php', '<?php', PLAIN)

  assertRefused(resolveProgram(directory, 'mail'), /^mail could be mail\.php or mail\.warm\.php: /, false)
  assert.deepEqual(resolveProgram(directory, 'mail.php'), runs('php', cold))
  assertWarm(resolveProgram(directory, 'mail.warm'), 'mail.warm.php', ['php', warm])
})

test('a worker may take every program for a warm one, and knows one whose file was changed or exchanged', (t) => {
  const { directory, add } = tasks(t)
  const versions = () => {
    const resolution = new Programs(directory, true).resolve('mail')
    return resolution.kind === 'program' ? resolution.warm?.version : undefined
  }
  add('mail.php', '<?php', PLAIN)
  const first = versions()
  assert.ok(first)
  assert.equal(versions(), first)

  add('mail.php', '<?php // longer', PLAIN)
  const second = versions()
  add('other', '<?php // longer', PLAIN)
  renameSync(join(directory, 'other'), join(directory, 'mail.php'))

  assert.equal(new Set([first, second, versions()]).size, 3)
})

test('names that are no file of the directory are refused for good', (t) => {
  const { directory, add } = tasks(t)
  const outside = join(dirname(directory), 'outside')
  writeFileSync(outside, '#!/bin/sh\n')
  chmodSync(outside, EXECUTABLE)
  const inside = add('inside', '', EXECUTABLE)

  for (const name of [
    '',
    '.',
    '..',
    '../outside',
    outside,
    inside,
    './inside',
    'x/../inside',
    'inside/',
    'inside\0',
    '\0',
  ]) {
    assert.deepEqual(resolveProgram(directory, name), {
      kind: 'unstartable',
      reason: `${JSON.stringify(name)} is not the name of a file in the tasks directory`,
      final: true,
    })
  }
})

test('a link to another file of the directory is followed', (t) => {
  const { directory, add } = tasks(t)
  const program = add('report-v2.php', '<?php', PLAIN)
  symlinkSync('report-v2.php', join(directory, 'report'))

  assert.deepEqual(resolveProgram(directory, 'report'), runs('php', program))
})

test('a link that leads out of the directory is refused for good, also into one whose name begins alike', (t) => {
  const { directory } = tasks(t)
  const other = `${directory}-old`
  mkdirSync(other)
  writeFileSync(join(other, 'run'), '#!/bin/sh\n')
  chmodSync(join(other, 'run'), EXECUTABLE)
  symlinkSync('/bin/sh', join(directory, 'shell'))
  symlinkSync('../tasks-old/run', join(directory, 'old'))

  const [shell, old] = [resolveProgram(directory, 'shell'), resolveProgram(directory, 'old')]

  assertRefused(shell, /^shell leads out of the tasks directory, to \/.*sh$/, true)
  assertRefused(old, /^old leads out of the tasks directory, to .*\/tasks-old\/run$/, true)
})

test('a link that leads nowhere, or in a circle, is refused', (t) => {
  const { directory } = tasks(t)
  symlinkSync('gone', join(directory, 'dangling'))
  symlinkSync('circle', join(directory, 'circle'))

  assertRefused(resolveProgram(directory, 'dangling'), /^dangling is a link that leads nowhere$/, false)
  assertRefused(resolveProgram(directory, 'circle'), /^circle is a link that leads nowhere$/, false)
})

test('the tasks directory itself may be a link, as deploys make them', (t) => {
  const { directory, add } = tasks(t)
  const program = add('send-msg', '', EXECUTABLE)
  const current = join(dirname(directory), 'current')
  symlinkSync('tasks', current)

  assert.deepEqual(resolveProgram(current, 'send-msg'), runs(program))
})

test('a directory named like a task is refused', (t) => {
  const { directory } = tasks(t)
  mkdirSync(join(directory, 'reports'))
  mkdirSync(join(directory, 'archive.php'))

  assertRefused(resolveProgram(directory, 'reports'), /^reports is not a file$/, true)
  assertRefused(resolveProgram(directory, 'archive'), /^archive.php is not a file$/, true)
})

test('a tasks directory that is missing, or no directory, is said to be unreadable', (t) => {
  const { directory, add } = tasks(t)
  const file = add('file', '', PLAIN)

  assertRefused(
    resolveProgram(join(directory, 'gone'), 'x'),
    /^the tasks directory .*\/gone cannot be read \(ENOENT\)$/,
    false,
  )
  assertRefused(resolveProgram(file, 'x'), /^the tasks directory .*\/file cannot be read \(ENOTDIR\)$/, false)
})

for (const [extension, interpreter] of [
  ['.js', process.execPath],
  ['.mjs', process.execPath],
  ['.cjs', process.execPath],
  ['.ts', process.execPath],
  ['.mts', process.execPath],
  ['.php', 'php'],
  ['.py', 'python3'],
  ['.rb', 'ruby'],
  ['.pl', 'perl'],
  ['.sh', 'sh'],
] as const) {
  test(`a ${extension} file without the executable bit is given to its interpreter`, (t) => {
    const { directory, add } = tasks(t)
    const program = add(`job${extension}`, '', PLAIN)

    assert.deepEqual(resolveProgram(directory, 'job'), runs(interpreter, program))
  })
}

test('an executable script of a known language without a #! line is not left to the shell', (t) => {
  const { directory, add } = tasks(t)
  const program = add('job.php', '<?php echo 1;', EXECUTABLE)
  const empty = add('empty.php', '', EXECUTABLE)

  assert.deepEqual(resolveProgram(directory, 'job'), runs('php', program))
  assert.deepEqual(resolveProgram(directory, 'empty'), runs('php', empty))
})

test('an executable script with a #! line is run as it is, whatever its extension says', (t) => {
  const { directory, add } = tasks(t)
  const program = add('job.php', '#!/usr/bin/env php8\n<?php', EXECUTABLE)

  assert.deepEqual(resolveProgram(directory, 'job'), runs(program))
})

test('a file that is not executable and of no known language says what to do', (t) => {
  const { directory, add } = tasks(t)
  add('job', '#!/bin/sh\n', PLAIN)
  add('other.exe', '', PLAIN)

  const advice = 'is not executable and its extension names no interpreter: run chmod +x on it'
  assertRefused(resolveProgram(directory, 'job'), new RegExp(`^job ${advice.replace('+', '\\+')}$`), false)
  assertRefused(resolveProgram(directory, 'other'), new RegExp(`^other.exe ${advice.replace('+', '\\+')}$`), false)
})

test('a script that this user may not read is refused', { skip: isRoot() && 'root reads everything' }, (t) => {
  const { directory, add } = tasks(t)
  add('job.php', '<?php', 0o200)

  assertRefused(resolveProgram(directory, 'job'), /^job.php cannot be read by this user$/, false)
})

test('an answer is remembered for the next task, and asked anew a moment later', (t) => {
  const { directory, add } = tasks(t)
  const clock = t.mock.method(performance, 'now', () => 1_000)
  const programs = new Programs(directory)

  const missing = programs.resolve('job')
  const program = add('job', '', EXECUTABLE)
  const remembered = programs.resolve('job')
  clock.mock.mockImplementation(() => 3_000)
  const asked = programs.resolve('job')

  assert.equal(missing.kind, 'unstartable')
  assert.equal(remembered, missing)
  assert.deepEqual(asked, runs(program))
})

/** An empty `tasks` in a directory of the test's own; `add` makes a file in it and returns its path. */
function tasks(t: TestContext) {
  const directory = join(realpathSync(temporaryDirectory(t)), 'tasks')
  mkdirSync(directory)
  const add = (name: string, text: string, mode: number): string => {
    writeFileSync(join(directory, name), text)
    chmodSync(join(directory, name), mode)
    return join(directory, name)
  }
  return { directory, add }
}

function runs(...command: string[]): Resolution {
  return { kind: 'program', command }
}

function assertRefused(resolution: Resolution, reason: RegExp, final: boolean): void {
  assert.equal(resolution.kind, 'unstartable')
  assert.match(resolution.reason, reason)
  assert.equal(resolution.final, final)
}

function assertWarm(resolution: Resolution, name: string, command: readonly string[]): void {
  assert.ok(resolution.kind === 'program')
  assert.deepEqual([resolution.command, resolution.warm?.name], [command, name])
}
