import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Programs } from '../../src/worker/program.ts'
import { Slot } from '../../src/worker/slot.ts'
import { DEFAULT_WARM_LIMITS } from '../../src/worker/warm-limits.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'
import { waitFor } from '../helpers/processes.ts'
import { claimed } from './claimed-task.ts'

test('a slot that is told to stop while its first program is being started does not run it to its end', async (t) => {
  const { slot, directory } = slotFor(t, '#!/bin/sh\nsleep 3\ntouch ended\n')

  const running = slot.run(claimed({}))
  slot.stop({ kind: 'stopped' })
  const { outcome } = await running

  assert.deepEqual(outcome, { kind: 'stopped' })
  assert.ok(!existsSync(join(directory, 'ended')))
})

test('a stop is for the program that runs, and not for the next one', async (t) => {
  const { slot } = slotFor(t, '#!/bin/sh\nexit 3\n')

  const first = await slot.run(claimed({ id: 1 }))
  slot.stop({ kind: 'stopped' })
  const second = await slot.run(claimed({ id: 2 }))

  assert.deepEqual(
    [first.outcome, second.outcome],
    [
      { kind: 'exit', code: 3 },
      { kind: 'exit', code: 3 },
    ],
  )
})

test('of two reasons to stop a program the first one counts', async (t) => {
  const deaf = "#!/bin/sh\ntrap '' TERM\ntouch started\nwhile :; do sleep 600; done\n"
  const { slot, directory } = slotFor(t, deaf)

  const running = slot.run(claimed({}))
  await waitFor(() => existsSync(join(directory, 'started')), { what: 'the program to start' })
  slot.stop({ kind: 'flood', limitBytes: 1 })
  slot.stop({ kind: 'stopped' })

  assert.deepEqual((await running).outcome, { kind: 'flood', limitBytes: 1 })
})

test('the time that programs used is told for each of them', async (t) => {
  const busy = '#!/bin/sh\ni=0; while [ $i -lt "$1" ]; do i=$((i + 1)); done\n'
  const { slot } = slotFor(t, busy)

  const long = await slot.run(claimed({ id: 1, param: '200000' }))
  const short = await slot.run(claimed({ id: 2, param: '1' }))

  assert.ok(long.cpuMs > 10 && long.cpuMs <= long.ranMs + 20, `${long.cpuMs} ms of ${long.ranMs} ms`)
  assert.ok(short.cpuMs < long.cpuMs / 2, `${short.cpuMs} ms after ${long.cpuMs} ms`)
  assert.ok(long.endedAt <= performance.now())
})

/** A slot whose task `program` is this script. */
function slotFor(t: TestContext, script: string): { slot: Slot; directory: string } {
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, 'tasks'))
  mkdirSync(join(directory, 'state'))
  writeFileSync(join(directory, 'tasks', 'program'), script)
  chmodSync(join(directory, 'tasks', 'program'), 0o755)
  const slot = new Slot(join(directory, 'state'), 0, {
    workerId: 1,
    installation: 'test',
    terms: { retry: 'none', crash: 'retry' },
    timeoutMs: undefined,
    graceMs: 200,
    projectDirectory: directory,
    environment: process.env as Record<string, string>,
    programs: new Programs(join(directory, 'tasks')),
    warmLimits: DEFAULT_WARM_LIMITS,
  })
  afterwards(t, () => slot.close(true))
  return { slot, directory }
}
