import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMessage } from '../../src/worker/message-records.ts'

const CLAIMS = [17, 18, 19].map((id) => ({ id, attempt: 1, claimToken: 99 }))
const start = (id: number) => `\nS ${id} 1 99 0 1763656445123 4711\n`
const end = (id: number, status = 0) => `\nE ${id} 1 99 ${status}\n`
const TIMES = '0m0.01s 0m0.02s\n0m1.50s 0m0.25s\n'

test('the records of a message tell how far it came, how its commands ended, and what they used', () => {
  const whole = `${start(17)}${end(17)}${start(18)}${end(18, 127)}${start(19)}${end(19, 3)}${TIMES}`
  const inTheMiddle = `${start(17)}${end(17)}${start(18)}`

  assert.deepEqual(readMessage(whole, CLAIMS), { begun: 3, ended: 3, statuses: [0, 127, 3], childrenMs: 1_750 })
  assert.deepEqual(readMessage(inTheMiddle, CLAIMS), { begun: 2, ended: 1, statuses: [0, undefined], childrenMs: 0 })
  assert.deepEqual(readMessage('', CLAIMS), { begun: 0, ended: 0, statuses: [], childrenMs: 0 })
})

test('a start that was torn is none, and of an end that was torn the one behind it counts', () => {
  const tornStart = `${start(17)}${end(17)}\nS 18 1 99 0 176365`
  const tornEnd = `${start(17)}${end(17)}${start(18)}\nE 18 1 99 1${end(18, 127)}${TIMES}`

  assert.deepEqual(readMessage(tornStart, CLAIMS).statuses, [0])
  assert.deepEqual(readMessage(tornEnd, CLAIMS), { begun: 2, ended: 2, statuses: [0, 127], childrenMs: 1_750 })
})

test('an end whose start is spoilt is known, and records of other claims are not ours', () => {
  const spoilt = `\nS 1#\n${end(17, 4)}`
  const others = `${start(170)}${end(170)}\nS 17 1 990 0 1763656445123 4711\n\nE 17 1 990 0\n\nE 17 2 99 0\n`

  assert.deepEqual(readMessage(spoilt, CLAIMS).statuses, [4])
  assert.deepEqual(readMessage(others, CLAIMS).statuses, [])
})
