/** Warm programs that fail, each in its way: the attempt fails, and the next task has a program that works. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { processStart } from '../../src/host/processes.ts'
import { waitFor } from '../helpers/processes.ts'
import { PID, printed, problemOf, warmSlot } from './warm-slot.ts'

const TO_STDERR = 'to stdout, where answers go: write everything else to stderr'

/** It does not care for the end of its input, nor for being asked to leave. */
const STAYS = `#!/bin/sh
read -r line
echo '{"id":1,"exit":0}'
trap : TERM
while :; do sleep 60; done
`

const MISANSWERS = {
  'writes something else to stdout': ['echo oops', `its program wrote oops ${TO_STDERR}`],
  'writes an empty line and then a text': ['echo; echo Fatal error', `its program wrote Fatal error ${TO_STDERR}`],
  'writes a very long line': ['printf %09000d 1; echo', 'its answer is too long: shorten its error'],
  'answers for another task': [
    'id=77; say 0',
    'its program answered {"id":77,"exit":0}, which is for another task: answer each once, with its own id',
  ],
  'answers without a code': [
    'say null',
    'its program answered {"id":2,"exit":null}, where exit is no code from 0 to 255: write {"id":2,"exit":0}',
  ],
  'answers with a code that is none': [
    'say 256',
    'its program answered {"id":2,"exit":256}, where exit is no code from 0 to 255: write {"id":2,"exit":0}',
  ],
  'ends well without an answer': [
    'exit 0',
    'its program ended with exit code 0 and without an answer: write {"id":2,"exit":0} to stdout first',
  ],
} as const

for (const [what, [param, problem]] of Object.entries(MISANSWERS)) {
  test(`a program that ${what} has failed, and is replaced`, async (t) => {
    const { run, processes } = warmSlot(t)
    const before = printed(await run(PID))

    const failed = await run(`echo said >&2; ${param}`)
    const after = await run(PID)

    assert.equal(problemOf(failed), problem)
    assert.equal(printed(failed), 'said\n')
    assert.deepEqual(after.outcome, { kind: 'ok' })
    assert.notEqual(printed(after), before)
    assert.equal(processes().length, 2)
  })
}

test('a second answer is taken for that of the next task, which says so', async (t) => {
  const { run } = warmSlot(t)

  const first = await run('say 0; say 0')
  const second = await run(PID)
  const third = await run(PID)

  assert.deepEqual([first.outcome.kind, third.outcome.kind], ['ok', 'ok'])
  assert.match(problemOf(second), /^its program answered \{"id":1,"exit":0\}, which is for another task: /)
})

test('an answer counts without the end of its line', async (t) => {
  const { run } = warmSlot(t)

  assert.deepEqual((await run('printf %s $(say 3); exit 0')).outcome, { kind: 'exit', code: 3 })
  assert.deepEqual((await run(PID)).outcome, { kind: 'ok' })
})

test('how a program ends in the middle of a task is how the attempt ended', async (t) => {
  const { run } = warmSlot(t)

  const results = [await run('exit 4'), await run('kill -9 $$'), await run('exec 1>&-; exit 65'), await run(PID)]

  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    [{ kind: 'exit', code: 4 }, { kind: 'signal', signal: 'SIGKILL' }, { kind: 'exit', code: 65 }, { kind: 'ok' }],
  )
})

test('a program that cannot be started at all says so for each task', async (t) => {
  const { run, write } = warmSlot(t)
  write('broken.warm', '#!/no/such/interpreter\n')

  const results = [await run('', { task: 'broken' }), await run('', { task: 'broken' })]

  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    [
      { kind: 'exit', code: 127 },
      { kind: 'exit', code: 127 },
    ],
  )
  assert.match(results.map(printed).join(), /not found.*not found/s)
})

test('without pipes a program is not started, and nothing is when the journal cannot be written', async (t) => {
  const pipeless = warmSlot(t, { environment: { PATH: '/nowhere' } })
  const full = warmSlot(t)
  symlinkSync('/dev/full', join(full.directory, 'state/slot-0.journal'))

  const { outcome } = await pipeless.run(PID)

  assert.equal(outcome.kind === 'unstartable' ? outcome.final : true, false)
  await assert.rejects(
    full.run('touch heard; say 0'),
    /^Complaint: The state directory .* cannot be written \(ENOSPC\)\./,
  )
  assert.ok(!existsSync(join(full.directory, 'heard')))
})

test('a program that ends without reading its task has ended, and its runner has not', async (t) => {
  const { run, write } = warmSlot(t)
  write('hasty.warm', '#!/bin/sh\nsleep 0.1\nexit 4\n')

  const { outcome, runnerLost } = await run('"'.repeat(65_535), { task: 'hasty' })

  assert.deepEqual([outcome, runnerLost], [{ kind: 'exit', code: 4 }, false])
})

test('a program whose idle runner was killed is killed, too', async (t) => {
  const { run, write, processes } = warmSlot(t)
  write('stays.warm', STAYS)
  await run('', { task: 'stays' })
  const before = processes()
  const [shell = 0] = before.toSorted((a, b) => a - b)

  process.kill(shell, 'SIGKILL')

  await waitFor(() => before.every((pid) => processStart(pid) === undefined), { what: 'the program to end' })
})

test('a program that ended while it was idle is replaced, and no task suffers from it', async (t) => {
  const { run } = warmSlot(t)
  const pid = Number(printed(await run(PID)))

  process.kill(pid, 'SIGKILL')
  await waitFor(() => processStart(pid) === undefined, { what: 'it to end' })
  const next = await run(PID)

  assert.deepEqual(next.outcome, { kind: 'ok' })
  assert.notEqual(Number(printed(next)), pid)
})

test('a runner that is killed in the middle of a task leaves it unknown, and its program is killed with it', async (t) => {
  const { run, processes, slot } = warmSlot(t)
  const pid = Number(printed(await run(PID)))
  const [shell = 0] = processes().filter((process) => process !== pid)

  const running = run('trap : TERM; while :; do sleep 60; done')
  await waitFor(() => slot.running !== undefined && processes().length > 2, { what: 'the task to run' })
  process.kill(shell, 'SIGKILL')
  const { outcome, runnerLost } = await running

  assert.deepEqual([outcome, runnerLost], [{ kind: 'crashed' }, true])
  await waitFor(() => processStart(pid) === undefined, { what: 'the program to end' })
  assert.deepEqual((await run(PID)).outcome, { kind: 'ok' })
})

for (const [what, param] of Object.entries({
  'that lets itself be ended': 'sleep 60',
  'that ignores it': 'trap : TERM; while :; do sleep 60; done',
})) {
  test(`at its time limit a program ${what} is ended with all it started, and replaced`, async (t) => {
    const { run, processes } = warmSlot(t)
    await run(PID)
    const before = processes()

    const late = await run(param, { timeoutSeconds: 0.3 })
    const next = await run(PID)

    assert.deepEqual(late.outcome, { kind: 'timeout', afterMs: 300 })
    assert.deepEqual(next.outcome, { kind: 'ok' })
    await waitFor(() => before.every((pid) => processStart(pid) === undefined), { what: 'the old ones to end' })
  })
}

test('a program that never reads is ended at its time limit, however long its task is', async (t) => {
  const { run, write } = warmSlot(t)
  write('deaf.warm', '#!/bin/sh\nsleep 60\n')

  for (const param of ['x', '"'.repeat(65_535)]) {
    const { outcome } = await run(param, { task: 'deaf', timeoutSeconds: 0.3 })
    assert.deepEqual(outcome, { kind: 'timeout', afterMs: 300 })
  }
})

test('a program that does not care for the end of its input is killed when the runner is to leave', async (t) => {
  const { run, write, slot, processes, directory } = warmSlot(t)
  write('stays.warm', STAYS)

  const { outcome } = await run('', { task: 'stays' })
  await slot.settle()

  assert.deepEqual(outcome, { kind: 'ok' })
  await waitFor(() => processes().length === 0, { what: 'all of the session to end' })
  assert.deepEqual(readdirSync(join(directory, 'state')).toSorted(), ['slot-0.journal', 'slot-0.out'])
})
