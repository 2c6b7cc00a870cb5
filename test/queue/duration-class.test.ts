import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationClass, percentile, shortestOf } from '../../src/queue/duration-class.ts'
import { seededRandom } from '../fault/seeded-random.ts'

const DAY_MS = 86_400_000

test('every duration has a class that it lies in, and classes grow with durations', () => {
  let last = 0
  for (let ms = 1; ms < 20 * DAY_MS; ms = Math.ceil(ms * 1.003)) {
    const found = durationClass(ms)

    assert.ok(found >= last && found <= 255, `${ms} ms is in class ${found}`)
    assert.ok(shortestOf(found) <= ms, `${ms} ms is shorter than its class ${found}`)
    if (found < 255)
      assert.ok(ms <= Math.max(found, shortestOf(found + 1)), `${ms} ms is longer than its class ${found}`)
    last = found
  }
  assert.equal(last, 255)
})

test('what never ran has a class of its own, and so has each of the first milliseconds', () => {
  assert.deepEqual([0, -1, Number.NaN].map(durationClass), [0, 0, 0])
  assert.deepEqual([1, 2, 13].map(durationClass), [1, 2, 13])
  assert.equal(new Set([13, 14, 16].map(durationClass)).size, 3)
})

const SHAPES: Record<string, (random: () => number) => number> = {
  'all the same': () => 1_234,
  'evenly spread': (random) => 1 + random() * 10_000,
  'with a long tail': (random) => 20 * Math.exp(3 * random() + 5 * random() ** 9),
  'tiny programs': (random) => 1 + random() * 5,
  'of minutes and of days': (random) => (random() < 0.9 ? 60_000 : 3 * DAY_MS) * (1 + random()),
}

for (const [shape, draw] of Object.entries(SHAPES)) {
  test(`percentiles are within five per cent of the exact ones: ${shape}`, () => {
    const { next: random } = seededRandom(7)
    const durations = Array.from({ length: 10_000 }, () => Math.round(draw(random))).toSorted((a, b) => a - b)
    const counts = new Map<number, number>([[0, 500]]) // what never ran is not looked at
    for (const ms of durations) counts.set(durationClass(ms), (counts.get(durationClass(ms)) ?? 0) + 1)

    for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
      const exact = durations[Math.max(0, Math.ceil(share * durations.length) - 1)] as number
      const found = percentile(counts, share) as number

      assert.ok(Math.abs(found - exact) <= exact * 0.05, `${share}: ${found} ms instead of ${exact} ms`)
    }
  })
}

test('where nothing ran there is no percentile', () => {
  assert.equal(percentile(new Map(), 0.5), undefined)
  assert.equal(percentile(new Map([[0, 7]]), 0.5), undefined)
})
