import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AHEAD_MS, Pace } from '../../src/worker/pace.ts'
import { shareOut, Timeline } from '../../src/worker/timeline.ts'

test('programs that ended between two looks lasted equally long; one that ran at a look has the time up to the next', () => {
  const timeline = new Timeline(1_000)

  timeline.mark(1_020, 2)
  timeline.mark(1_045, 2)
  timeline.mark(1_100, 3)

  assert.deepEqual(
    [0, 1, 2, 3].map((count) => timeline.endOf(count)),
    [1_000, 1_010, 1_020, 1_100],
  )
})

test('what is shared out is whole, goes by the weights, and adds up', () => {
  assert.deepEqual(shareOut(10, [1, 1, 1]), [3, 4, 3])
  assert.deepEqual(shareOut(400, [2, 2, 396]), [2, 2, 396])
  assert.deepEqual(shareOut(7, [0, 0]), [7, 0])
  assert.deepEqual(shareOut(7, []), [])
})

test('a program is short when it was so a few times without a word, and not again for long once it has printed', () => {
  const pace = new Pace()
  const note = (times: number, ms: number, hasPrinted = false) => {
    for (let n = 0; n < times; n++) pace.note('program', ms, hasPrinted)
    return pace.ofShort('program')
  }

  assert.equal(note(1, 2), undefined)
  assert.equal(note(9, 2), 2)
  assert.equal(note(1, 2, true), undefined)
  assert.equal(note(20, 2), undefined)
  assert.equal(note(100, 2), 2)
  assert.equal(note(20, AHEAD_MS), undefined)
})
