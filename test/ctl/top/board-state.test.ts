/** What a key does, as a function. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Act, type BoardState, type Choice, firstState, press } from '../../../src/ctl/top/board-state.ts'

const MAIL: Choice = { kind: 'queue', queue: 'mail' }
const ORDERS: Choice = { kind: 'queue', queue: 'orders' }
const TASK: Choice = { kind: 'task', id: 17 }
const CHOICES = [MAIL, ORDERS, TASK]
const START = firstState({ kind: 'board' }, 1_000)

test('the arrows go from row to row, and stop at the ends', () => {
  assert.deepEqual(typed('down').state.selected, MAIL)
  assert.deepEqual(typed('j', 'down', 'j', 'down').state.selected, TASK)
  assert.deepEqual(typed('up').state.selected, TASK)
  assert.deepEqual(typed('down', 'down', 'k', 'up').state.selected, MAIL)
})

test('what was opened is closed again, and marked there', () => {
  const opened = typed('down', 'down', 'enter')
  const closed = typed('down', 'down', 'enter', 'escape')

  assert.deepEqual(opened.state.open, [ORDERS, { kind: 'board' }])
  assert.deepEqual(opened.acts, [{ kind: 'look' }])
  assert.deepEqual(closed.state.open, [{ kind: 'board' }])
  assert.deepEqual(closed.state.selected, ORDERS)
})

test('a row that is gone is no longer marked', () => {
  const { state } = typed('up')

  const { state: after, act } = press(state, 'enter', { choices: [MAIL], isPaused: () => false })

  assert.equal(act, undefined)
  assert.equal(after.said, 'Mark a row with the arrows first.')
})

test('nothing is paused without a yes', () => {
  for (const no of ['n', 'escape', 'enter', 'q']) {
    const { state, acts } = typed('down', 'p', no)

    assert.deepEqual(acts, [])
    assert.equal(state.asking, undefined)
    assert.equal(state.said, 'Nothing was changed.')
  }
  assert.deepEqual(typed('down', 'p', 'x').state.asking, { act: 'pause', queue: 'mail' })
  assert.deepEqual(typed('down', 'p', 'y').acts, [{ kind: 'change', act: 'pause', queue: 'mail' }])
})

test('what is paused is resumed', () => {
  const { acts } = typedWhere((queue) => queue === 'orders', 'down', 'down', 'p', 'y')

  assert.deepEqual(acts, [{ kind: 'change', act: 'resume', queue: 'orders' }])
})

test('in a queue that is open, p is about that one', () => {
  assert.deepEqual(typed('down', 'enter', 'p').state.asking, { act: 'pause', queue: 'mail' })
  assert.equal(typed('up', 'p').state.said, 'Mark a queue with the arrows first.')
})

test('q leaves, and Ctrl-C does from everywhere', () => {
  assert.deepEqual(typed('q').acts, [{ kind: 'leave' }])
  assert.deepEqual(typed('?', 'q').acts, [{ kind: 'leave' }])
  assert.deepEqual(typed('down', 'p', 'ctrl-c').acts, [{ kind: 'leave' }])
  assert.deepEqual(typed('down', 'p', 'ctrl-z').acts, [{ kind: 'suspend' }])
})

test('the list of keys goes away with any key', () => {
  assert.equal(typed('?').state.showsKeys, true)
  assert.equal(typed('?', 'down').state.showsKeys, false)
  assert.equal(typed('?', 'down').state.selected, undefined)
})

test('the interval goes from step to step, and stays within bounds', () => {
  assert.equal(typed('+').state.intervalMs, 2_000)
  assert.equal(typed('-', '-', '-', '-').state.intervalMs, 200)
  assert.equal(typed(...new Array(20).fill('+')).state.intervalMs, 60_000)
})

function typed(...keys: string[]): { state: BoardState; acts: Act[] } {
  return typedWhere(() => false, ...keys)
}

function typedWhere(isPaused: (queue: string) => boolean, ...keys: string[]): { state: BoardState; acts: Act[] } {
  const acts: Act[] = []
  const state = keys.reduce((before, key) => {
    const step = press(before, key, { choices: CHOICES, isPaused })
    if (step.act !== undefined) acts.push(step.act)
    return step.state
  }, START)
  return { state, acts }
}
