import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClaimedTask } from '../../src/queue/store/claimed-task.ts'
import { KeysInTurn } from '../../src/worker/keys-in-turn.ts'
import { claimed } from './claimed-task.ts'

test('of a key no more are taken than may run at once', () => {
  const keys = filled(2, task(1, 'a'), task(2, 'a'), task(3, 'a'), task(4, 'b'))

  assert.deepEqual(ids(takeAll(keys)), [1, 4, 2])
  assert.equal(keys.canStart, false)
})

test('the key that was not started for the longest time is next', () => {
  const keys = filled(3, ...[1, 2, 3].map((id) => task(id, 'a')), ...[4, 5].map((id) => task(id, 'b')), task(6, 'c'))

  assert.deepEqual(ids(takeAll(keys)), [1, 4, 6, 2, 5, 3])
})

test('tasks without a key have every other turn, and no limit', () => {
  const keys = filled(1, task(1, 'a'), task(2, 'b'), task(3, 'c'), task(4), task(5), task(6), task(7))

  assert.deepEqual(ids(takeAll(keys)), [1, 4, 2, 5, 3, 6, 7])
})

test('what ends unfinished lets the next of its key go on', () => {
  const keys = filled(1, task(1, 'a'), task(2, 'a'))
  const first = taken(keys)

  assert.deepEqual(keys.ended(first), [])

  assert.equal(keys.take()?.id, 2)
})

test('what others have of a key leaves less room for it', () => {
  const keys = filled(3, task(1, 'a'), task(2, 'a'), task(3, 'a'))
  keys.onRoom('a', 1)

  const [first] = takeAll(keys)

  assert.ok(first)
  assert.equal(keys.canStart, false)
  keys.ended(first)
  assert.equal(keys.canStart, true)
})

test('a task that is put back is the first of its key again, and runs no more', () => {
  const keys = filled(1, task(1, 'a'), task(2, 'a'), task(3))
  const first = taken(keys)

  keys.putBack(first)

  assert.deepEqual(ids(takeAll(keys)).toSorted(), [1, 3])
})

test('keys that differ in blanks at their ends are one', () => {
  assert.equal(takeAll(filled(1, task(1, 'a'), task(2, 'a '))).length, 1)
})

test('more is wished for when a key that had more has less than may run', () => {
  const keys = new KeysInTurn(2)
  keys.look()
  keys.onMore('a')
  keys.add([task(1, 'a'), task(2, 'a')])
  const [first] = takeAll(keys)
  assert.ok(first)
  assert.equal(keys.wantsMore, false)

  keys.ended(first)

  assert.equal(keys.wantsMore, true)
  keys.look()
  assert.equal(keys.wantsMore, false)
})

test('nothing is wished for a key that had no more, and a key that others hold is not asked for again and again', () => {
  const keys = new KeysInTurn(2)
  keys.look()
  keys.onRoom('b', 1)
  keys.onMore('b')
  keys.add([task(1, 'a'), task(2, 'b')])
  for (const one of takeAll(keys)) if (one.shardKey === 'a') keys.ended(one)

  assert.equal(keys.wantsMore, false)
})

test('of a key whose tasks are quick more is held than may run', () => {
  const keys = filled(2, task(1, 'a'))
  assert.equal(keys.mayHave('a'), 2)

  keys.ended(taken(keys))

  assert.ok(keys.mayHave('a') > 2)
  assert.ok(keys.mayHave('a') <= 64)
  assert.equal(keys.mayHave('b'), 2)
})

test('what is dropped is out, and counts no more', () => {
  const keys = filled(1, task(1, 'a'), task(2, 'a'), task(3))

  assert.deepEqual(ids(keys.drop([2, 3])).toSorted(), [2, 3])

  assert.equal(keys.has('a'), 1)
  assert.deepEqual(ids(keys.dropAll()), [1])
  assert.deepEqual(keys.tasks, [])
})

function filled(perKey: number, ...tasks: readonly ClaimedTask[]): KeysInTurn {
  const keys = new KeysInTurn(perKey)
  keys.add(tasks)
  return keys
}

function task(id: number, shardKey: string | null = null): ClaimedTask {
  return claimed({ id, shardKey })
}

function taken(keys: KeysInTurn): ClaimedTask {
  const first = keys.take()
  assert.ok(first)
  return first
}

function takeAll(keys: KeysInTurn): ClaimedTask[] {
  const all: ClaimedTask[] = []
  for (let next = keys.take(); next !== undefined; next = keys.take()) all.push(next)
  return all
}

function ids(tasks: readonly ClaimedTask[]): number[] {
  return tasks.map(({ id }) => id)
}
