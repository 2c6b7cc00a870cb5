import assert from 'node:assert/strict'
import test from 'node:test'
import { eventLine } from '../../src/log/event.ts'

const SOURCE = { host: 'web-1', pid: 4711, shard: '2/10' }
const AT = Date.UTC(2026, 10, 20, 17, 4, 5, 123)

test('a line has time, host, pid, shard, event, and its facts', () => {
  const line = eventLine('text', 'Europe/Berlin', AT, SOURCE, 'task-done', {
    id: 42,
    task: 'send-msg',
    next: undefined,
    ok: true,
  })

  assert.equal(line, '2026-11-20T18:04:05.123+01:00 web-1 4711 2/10 task-done id=42 task=send-msg ok=true\n')
})

test('a value that is no plain word is a JSON string, and a line stays a line', () => {
  const line = eventLine('text', 'UTC', AT, SOURCE, 'task-retry', { reason: 'a "b"\nc=d', empty: '', plain: 'x/y:z' })

  assert.match(line, / task-retry reason="a \\"b\\"\\nc=d" empty="" plain=x\/y:z\n$/)
  assert.equal(line.split('\n').length, 2)
})

test('as JSON the same facts are one object', () => {
  const line = eventLine('json', 'UTC', AT, SOURCE, 'tick', { due: 2, reason: 'a\nb' })

  assert.deepEqual(JSON.parse(line), {
    time: '2026-11-20T17:04:05.123Z',
    ...SOURCE,
    event: 'tick',
    due: 2,
    reason: 'a\nb',
  })
  assert.equal(line.split('\n').length, 2)
})
