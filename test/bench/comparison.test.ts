/** What the benches share: flags, ratios and goals. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Comparison, comparisonText, isMet, ratioOf } from '../../bench/comparison.ts'
import { choice, choices, directories, readOptions, whole, wholes } from '../../bench/options.ts'
import { goalsOf } from '../../bench/report.ts'

const DECLARED = {
  rounds: whole(5),
  concurrency: wholes([1, 4]),
  database: choice('mariadb', 'sqlite'),
  rivals: choices('php', 'node'),
  compare: directories(),
}

const COMPARISON: Comparison = {
  ...{ id: 'spawn', title: 'tiny programs', unit: 'tasks/s', better: 'more', rival: 'xargs' },
  sides: [
    { name: 'xargs', ours: false, samples: [100, 200, 400] },
    { name: 'C', ours: false, samples: [200, 400, 800] },
    { name: 'do-queue', ours: true, samples: [150, 400, 400] },
  ],
  goals: [
    { side: 'do-queue', atLeast: 1.5 },
    { side: 'do-queue', atLeast: 0.85, rival: 'C' },
    { side: 'do-queue', atMost: 400, unit: 'tasks/s' },
  ],
}

test('flags that are not given are what they are unless told', () => {
  assert.deepEqual(readOptions([], DECLARED), {
    ...{ rounds: 5, concurrency: [1, 4], database: 'mariadb', rivals: ['php', 'node'], compare: [] },
  })
})

test('flags are read', () => {
  const args = ['--rounds', '3', '--concurrency', '10,2', '--database=sqlite', '--compare', '/a', '--compare', '/b']

  assert.deepEqual(readOptions([...args, '--rivals', 'node'], DECLARED), {
    ...{ rounds: 3, concurrency: [10, 2], database: 'sqlite', rivals: ['node'], compare: ['/a', '/b'] },
  })
})

test('a wrong flag is answered with those that there are', () => {
  assert.throws(() => readOptions(['--round', '3'], DECLARED), /Use --rounds, --concurrency, --database, --rivals/)
  assert.throws(() => readOptions(['--rounds', '0'], DECLARED), /--rounds is 0\. Use a whole number from 1\./)
  assert.throws(() => readOptions(['--concurrency', '1,x'], DECLARED), /--concurrency is x\./)
  assert.throws(() => readOptions(['--database', 'oracle'], DECLARED), /--database is oracle\. Use mariadb or sqlite\./)
})

test('a ratio is that of the pairs of a round, not of the medians', () => {
  assert.deepEqual(ratioOf(COMPARISON, 'do-queue'), { median: 1.5, min: 1, max: 2 })
  assert.deepEqual(ratioOf(COMPARISON, 'do-queue', 'C'), { median: 0.75, min: 0.5, max: 1 })
})

test('a goal is held against its own rival, or against the value', () => {
  assert.deepEqual(
    goalsOf({ options: {}, comparisons: [COMPARISON] }).map(({ goal }) => isMet(COMPARISON, goal)),
    [true, false, true],
  )
  assert.match(comparisonText(COMPARISON), /MISSED {3}do-queue: 0\.750 × C, at least 0\.85 was to be reached/)
})
