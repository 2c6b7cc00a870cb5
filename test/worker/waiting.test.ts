import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ClaimedTask } from '../../src/queue/store/claimed-task.ts'
import { laneOf } from '../../src/queue/store/lane.ts'
import { Waiting } from '../../src/worker/waiting.ts'
import { claimed } from './claimed-task.ts'

test('tasks without a key are taken in the order in which they were claimed', () => {
  const waiting = filled(task(3), task(1), task(2))

  assert.deepEqual(ids(takeAll(waiting)), [3, 1, 2])
})

test('while a task of a key runs, the next task of another key is taken', () => {
  const waiting = filled(task(1, 'a'), task(2, 'a'), task(3, 'b'), task(4))

  assert.deepEqual(ids(takeAll(waiting)), [1, 3, 4])
  assert.equal(waiting.canStart, false)
  assert.deepEqual([...waiting.busy], ['a', 'b'])
})

test('when a task is finished, the next one of its key can be taken', () => {
  const waiting = filled(task(1, 'a'), task(2, 'a'))
  const first = taken(waiting)

  assert.deepEqual(waiting.ended(first, true), [])

  assert.equal(waiting.canStart, true)
  assert.equal(waiting.take()?.id, 2)
})

test('within a key the smallest id comes first, whenever it was claimed', () => {
  const waiting = filled(task(5, 'a'), task(9))
  waiting.add([task(4, 'a')])

  assert.deepEqual(ids(takeAll(waiting)), [4, 9])
})

test('when a task is not finished, those of its key are handed over to be given back', () => {
  const waiting = filled(task(1, 'a'), task(2, 'a'), task(3, 'b'), task(4, 'a'))

  assert.deepEqual(ids(waiting.ended(taken(waiting), false)), [2, 4])

  assert.deepEqual(ids(takeAll(waiting)), [3])
  assert.deepEqual([...waiting.unfinished], [['a', new Set([1])]])
})

test('tasks that were looked for before their key was found unfinished are not accepted', () => {
  const waiting = filled(task(1, 'a'))
  waiting.look()
  waiting.ended(taken(waiting), false)

  assert.deepEqual(ids(waiting.add([task(2, 'a'), task(3, 'b')])), [2])

  assert.deepEqual(ids(waiting.tasks), [3])
})

test('a task that ended unfinished and was booked between a look and its answer refuses those of its key too', () => {
  const waiting = filled(task(1, 'a'))
  waiting.look()
  const first = taken(waiting)
  waiting.ended(first, false)
  waiting.booked(first)

  assert.deepEqual(ids(waiting.add([task(2, 'a')])), [2])
})

test('tasks that were looked for afterwards are accepted, and the key is open again', () => {
  const waiting = filled(task(1, 'a'))
  waiting.ended(taken(waiting), false)

  waiting.look()
  assert.deepEqual(waiting.add([task(1, 'a'), task(2, 'a')]), [])

  assert.deepEqual([...waiting.unfinished], [])
  assert.equal(waiting.take()?.id, 1)
})

test('a task that is put back is the next one, and its key is free', () => {
  const waiting = filled(task(1, 'a'), task(2, 'b'), task(3, 'a'))

  waiting.putBack(taken(waiting))

  assert.deepEqual([...waiting.busy], [])
  assert.deepEqual(ids(takeAll(waiting)), [1, 2])
})

test('what is dropped takes along what waits behind it in its key, and nothing else', () => {
  const waiting = filled(task(1, 'a'), task(2, 'a'), task(3), task(4, 'b'), task(5, 'a'), task(6))

  assert.deepEqual(ids(waiting.drop([2, 3, 77])), [2, 3, 5])

  assert.deepEqual(ids(waiting.tasks), [1, 4, 6])
  assert.deepEqual(waiting.drop([77]), [])
})

test('a key that is empty is a key', () => {
  const waiting = filled(task(1, ''), task(2, ''), task(3))

  assert.deepEqual(ids(takeAll(waiting)), [1, 3])
  assert.deepEqual(ids(waiting.drop([2])), [2])
})

test('keys that differ in blanks at their ends are one, as they are for MySQL', () => {
  const waiting = filled(task(1, 'a'), task(2, 'a  '))

  assert.deepEqual(ids(takeAll(waiting)), [1])
})

test('whatever happens, of each key one runs at a time, none is lost, and none comes before an earlier one', () => {
  const key = fc.constantFrom(null, 'a', 'a ', 'b')
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), keys: fc.array(key, { maxLength: 4 }) }),
    fc.record({ kind: fc.constant('take' as const) }),
    fc.record({ kind: fc.constantFrom('finish' as const, 'fail' as const, 'put back' as const), which: fc.nat() }),
  )

  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const waiting = new Waiting()
      const running: ClaimedTask[] = []
      let inHand = 0
      let lastId = 0
      for (const one of steps) {
        if (one.kind === 'add') {
          const tasks = one.keys.map((shardKey) => task(++lastId, shardKey))
          waiting.look()
          inHand += tasks.length - waiting.add(tasks).length
        } else if (one.kind === 'take') {
          const next = waiting.take()
          if (next === undefined) continue
          const lane = laneOfTask(next)
          if (lane !== null) {
            assert.ok(running.every((other) => laneOfTask(other) !== lane))
            assert.ok(waiting.tasks.every((other) => laneOfTask(other) !== lane || other.id > next.id))
          }
          running.push(next)
        } else if (running.length > 0) {
          const [ended] = running.splice(one.which % running.length, 1) as [ClaimedTask]
          if (one.kind === 'put back') waiting.putBack(ended)
          else inHand -= 1 + waiting.ended(ended, one.kind === 'finish').length
        }
        assert.equal(waiting.tasks.length + running.length, inHand)
      }
    }),
  )
})

function task(id: number, shardKey: string | null = null): ClaimedTask {
  return claimed({ id, shardKey })
}

function filled(...tasks: ClaimedTask[]): Waiting {
  const waiting = new Waiting()
  waiting.add(tasks)
  return waiting
}

function taken(waiting: Waiting): ClaimedTask {
  const next = waiting.take()
  assert.ok(next)
  return next
}

/** What can be taken while nothing ends. */
function takeAll(waiting: Waiting): ClaimedTask[] {
  const all: ClaimedTask[] = []
  for (let next = waiting.take(); next !== undefined; next = waiting.take()) all.push(next)
  return all
}

function ids(tasks: readonly ClaimedTask[]): number[] {
  return tasks.map(({ id }) => id)
}

function laneOfTask({ shardKey }: ClaimedTask): string | null {
  return shardKey === null ? null : laneOf(shardKey)
}

test('tasks of one key that ended unfinished are each in the way until they are booked or begun anew', () => {
  const waiting = new Waiting()
  for (const id of [7, 3]) {
    waiting.look()
    waiting.add([task(id, 'a')])
    waiting.ended(waiting.take() as ClaimedTask, false)
  }
  assert.deepEqual(waiting.unfinished, new Map([['a', new Set([7, 3])]]))

  waiting.look()
  waiting.add([task(3, 'a')])
  assert.deepEqual(waiting.unfinished, new Map([['a', new Set([7])]]))
  waiting.booked({ id: 7, claimToken: -1 })
  assert.deepEqual(waiting.unfinished, new Map([['a', new Set([7])]]))
  waiting.booked(task(7, 'a'))
  assert.deepEqual(waiting.unfinished, new Map())
})
