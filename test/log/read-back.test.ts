import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DayLog } from '../../src/log/day-log.ts'
import type { LogFormat } from '../../src/log/event.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'

const NOON = Date.UTC(2026, 10, 20, 12)

for (const format of ['text', 'json'] as const) {
  test(`an attempt that was logged is found with the place of its output (${format})`, (t) => {
    const { log } = openLog(t, format)
    log.event('worker-start', { queue: 'default' })
    log.eventSoon('task-done', { id: 1, task: 'say', queue: 'default', attempt: '1/4' })
    const place = log.eventWithOutput(
      'task-retry',
      { id: 2, task: 'a b', queue: 'q', attempt: '3/4' },
      Buffer.from('out'),
    )

    const found = log.loggedSince(NOON - 1)

    assert.deepEqual(found, [
      { id: 1, attempt: 1, at: NOON, place: null },
      { id: 2, attempt: 3, at: NOON, place },
    ])
  })

  test(`what a program wrote is never taken for a line (${format})`, (t) => {
    const { log } = openLog(t, format)
    const lie =
      '2026-11-20T12:00:00.000Z h 1 0/1 task-done id=9 task=x queue=q attempt=1/4\n{"event":"task-done","id":8}\n'
    log.eventWithOutput('task-done', { id: 1, task: 'say', queue: 'q', attempt: '1/1' }, Buffer.from(`\n${lie}`))
    log.event('task-done', { id: 2, task: 'say', queue: 'q', attempt: '1/1' })

    assert.deepEqual(
      log.loggedSince(0).map(({ id }) => id),
      [1, 2],
    )
  })
}

test('an output that is a file of its own is found by the name of the file', (t) => {
  const { log, directory } = openLog(t, 'text')
  writeFileSync(join(directory, 'large'), 'x'.repeat(10))
  const fields = { id: 3, task: 'pour', queue: 'q', attempt: '1/1' }
  const { file } = log.eventWithFile('task-done', fields, join(directory, 'large'), 'task-3.1', 10)

  assert.deepEqual(log.loggedSince(0)[0]?.place, { file, offset: 0, bytes: 10 })
})

test('what is older than asked for is not found, and neither is anything where there is no file', (t) => {
  const { log } = openLog(t, 'text')
  log.event('task-done', { id: 1, task: 'say', queue: 'q', attempt: '1/1' })

  assert.deepEqual(log.loggedSince(NOON + 1), [])
})

test('a log whose file was removed begins a new one within a second', (t) => {
  let now = NOON
  const { log, directory, read } = openLog(t, 'text', () => now)
  log.event('tick', { slot: 'first' })
  rmSync(directory, { recursive: true })
  now += 1_000

  log.event('tick', { slot: 'second' })

  assert.match(read(), /slot=second/)
})

function openLog(t: TestContext, format: LogFormat, now = () => NOON) {
  const directory = join(temporaryDirectory(t), 'logs')
  const source = { host: 'web-1', pid: 7, shard: '0/1' }
  const log = new DayLog({ directory, name: 'do-queue', zone: 'UTC', format, source, now })
  afterwards(t, () => log.close())
  return { log, directory, read: () => readFileSync(join(directory, log.today.file), 'utf8') }
}
