import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { temporaryDirectory } from './cleanup.ts'
import { isAlive } from './marked.ts'
import { makeProject, runBin, runProgram, startProgram, waitFor } from './processes.ts'

test('a program is run to its end with stdin given and both outputs kept apart', async (t) => {
  const cwd = temporaryDirectory(t)

  const ended = await runProgram('sh', ['-c', 'cat; pwd >&2; exit 4'], { cwd, stdin: 'äöü', t })

  assert.deepEqual(ended, { code: 4, signal: null, stdout: 'äöü', stderr: `${cwd}\n` })
})

test('a program sees a clean environment and what the test adds', async (t) => {
  process.env.CRON_MISSION_STRAY = 'x'
  t.after(() => delete process.env.CRON_MISSION_STRAY)

  const { stdout } = await runProgram('env', [], { cwd: '/', env: { QUEUE_URL: 'sqlite:a.db' }, t })

  assert.match(stdout, /^QUEUE_URL=sqlite:a\.db$/m)
  assert.match(stdout, /^PATH=/m)
  assert.doesNotMatch(stdout, /CRON_MISSION_STRAY/)
})

test('a program that does not end in time is killed and the failure shows its output', async () => {
  const run = runProgram('sh', ['-c', 'echo before; sleep 60'], { cwd: '/', timeoutMs: 300 })

  await assert.rejects(run, /did not end within 300 ms\. Output:\nbefore/)
})

test('a program that is missing is a failure', async () => {
  await assert.rejects(runProgram('/no/such/program', [], { cwd: '/' }), /ENOENT/)
})

test('a signal sent to a running program is what it is reported to have died of', async (t) => {
  const running = startProgram('sleep', ['60'], { cwd: '/', t })

  running.kill('SIGTERM')

  assert.equal((await running.exited).signal, 'SIGTERM')
})

test('at the end of a test its programs are dead, those that changed session and lost their parent too', async (t) => {
  let orphan = 0

  await t.test('inside', async (inner) => {
    const running = startProgram('sh', ['-c', 'setsid sleep 60 & echo $!'], { cwd: '/', t: inner })
    orphan = Number(await waitFor(() => running.stdout.trim(), { what: 'the orphan' }))
    await waitFor(() => isAlive(orphan), { what: 'its start' })
  })

  assert.ok(!isAlive(orphan))
})

test('waiting returns the answer, and a wait in vain says for what', async () => {
  let asked = 0

  assert.equal(await waitFor(() => (++asked > 2 ? 'ready' : undefined), { what: 'an answer' }), 'ready')
  await assert.rejects(
    waitFor(() => false, { timeoutMs: 50, what: 'Godot' }),
    /Waited 50 ms in vain for Godot\./,
  )
})

test('a project has its task programs, schedule and settings, and is gone when its test ends', async (t) => {
  let directory = ''

  await t.test('inside', (inner) => {
    const project = makeProject(inner, {
      tasks: { greet: '#!/bin/sh\necho hi\n', 'plain.php': '<?php', odd: { text: '', mode: 0o600 } },
      schedule: 'export default {}\n',
      packageType: 'module',
      env: { QUEUE_URL: 'sqlite:queue.db', NOTE: 'two words' },
    })
    directory = project.directory

    const mode = (name: string): number => statSync(project.path('tasks', name)).mode & 0o777
    assert.deepEqual([mode('greet'), mode('plain.php'), mode('odd')], [0o755, 0o644, 0o600])
    assert.deepEqual(project.lines('.env'), ['QUEUE_URL=sqlite:queue.db', `NOTE='two words'`])
    assert.deepEqual(project.lines('absent'), [])
    assert.equal(readFileSync(project.path('package.json'), 'utf8'), '{"type":"module"}')
    assert.ok(existsSync(project.path('node_modules/cron-mission/package.json')))
  })

  assert.ok(!existsSync(directory))
})

test('a command that was not built is told from one that fails', {
  skip: existsSync('dist/bin/queuectl.js'),
}, async () => {
  await assert.rejects(async () => runBin('queuectl', [], { cwd: '/' }), /Build it first: npm run build/)
})
