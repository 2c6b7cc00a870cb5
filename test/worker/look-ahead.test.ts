import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LookAhead } from '../../src/worker/look-ahead.ts'

const HARDLY_A_MOMENT_MS = 30
const A_MOMENT_MS = 100
const A_WHILE_MS = 1_000
const LONG_MS = 5_000

test('the first batch is two tasks for each slot', () => {
  assert.equal(new LookAhead(4, 100).size, 8)
})

test('batches that last a moment double, up to the most that is allowed', () => {
  assert.deepEqual(sizes(new LookAhead(1, 10), [A_MOMENT_MS, A_MOMENT_MS, A_MOMENT_MS, A_MOMENT_MS]), [4, 8, 10, 10])
})

test('batches that last hardly longer than a claim double twice, up to the most that is allowed', () => {
  assert.deepEqual(
    sizes(new LookAhead(1, 40), [HARDLY_A_MOMENT_MS, HARDLY_A_MOMENT_MS, HARDLY_A_MOMENT_MS]),
    [8, 32, 40],
  )
})

test('batches that last long halve, down to one task for each slot', () => {
  assert.deepEqual(sizes(new LookAhead(3, 100), [A_MOMENT_MS, LONG_MS, LONG_MS, LONG_MS]), [12, 6, 3, 3])
})

test('a batch that lasts neither leaves the size as it is', () => {
  assert.deepEqual(sizes(new LookAhead(2, 100), [A_WHILE_MS, A_WHILE_MS]), [4, 4])
})

test('nothing is claimed behind a long program: at the smallest size only an empty hand claims', () => {
  const lookAhead = new LookAhead(2, 100)
  sizes(lookAhead, [LONG_MS, LONG_MS])

  assert.deepEqual([lookAhead.size, lookAhead.lowWater], [2, 0])
})

test('above that, half a batch in hand is enough to claim the next', () => {
  assert.equal(new LookAhead(4, 100).lowWater, 4)
})

test('of tiny tasks as many are kept in hand as run while the next are claimed, and half as many again', () => {
  const lookAhead = new LookAhead(10, 500)
  lookAhead.claimed(1, 10)

  lookAhead.claimed(101, 90)
  assert.deepEqual([lookAhead.size, lookAhead.lowWater], [40, (20 / 100) * 90 * 1.5])
  lookAhead.claimed(102, 90)
  assert.deepEqual([lookAhead.size, lookAhead.lowWater], [160, 1_000])
  lookAhead.claimed(102 + A_WHILE_MS, 90)
  assert.deepEqual([lookAhead.size, lookAhead.lowWater], [160, 80])
})

test('a batch limit below the number of slots is kept', () => {
  const lookAhead = new LookAhead(8, 3)

  assert.deepEqual([lookAhead.size, lookAhead.lowWater], [3, 0])
  assert.deepEqual(sizes(lookAhead, [A_MOMENT_MS, LONG_MS]), [3, 3])
})

test('whatever happens, no more than allowed and at least one task is claimed', () => {
  const whole = (max: number) => fc.integer({ min: 1, max })
  const durations = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 30 })

  fc.assert(
    fc.property(whole(50), whole(200), durations, (concurrency, most, lasting) => {
      for (const size of sizes(new LookAhead(concurrency, most), lasting)) {
        assert.ok(size >= Math.min(concurrency, most) && size <= most && Number.isInteger(size))
      }
    }),
  )
})

/** The sizes after batches that lasted so many milliseconds. */
function sizes(lookAhead: LookAhead, lasting: readonly number[]): number[] {
  let now = 1
  lookAhead.claimed(now, 0)
  return lasting.map((ms) => {
    now += ms
    lookAhead.claimed(now, 0)
    return lookAhead.size
  })
}
