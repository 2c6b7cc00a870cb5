import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inputInMemory } from '../../src/worker/input-file.ts'
import {
  type AbandonedDirectory,
  abandonedDirectories,
  look,
  makeWorkerDirectory,
  realStateDirectory,
  removeUnfinished,
  removeWorkerDirectory,
  slotsOf,
  takeOver,
  workerDirectoryPath,
} from '../../src/worker/worker-directory.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'

test('a worker that lives owns its directory, which nobody else may read', (t) => {
  const { state, path } = made(t)

  assert.equal(look(path, 5).kind, 'owned')
  assert.deepEqual(abandonedDirectories(state, 'abc'), [])
  assert.equal(statSync(path).mode & 0o777, 0o700)
})

test('the directory of a process that has ended is abandoned, and known to be', (t) => {
  const { state, path } = made(t)
  ownedBy(path, (name) => name.replace(/\d+$/, '1'))

  const [found] = abandonedDirectories(state, 'abc')

  assert.deepEqual([found?.workerId, found?.path, found?.isKnownGone], [5, path, true])
})

test('of another boot nothing is known', (t) => {
  const { path } = made(t)
  ownedBy(path, (name) => name.replace(/owner\.[0-9a-f]+/, 'owner.0123456789ab'))

  const found = look(path, 5)

  assert.equal(found.kind === 'abandoned' && found.isKnownGone, false)
})

test('of many who take a directory over, one succeeds', (t) => {
  const { path } = made(t)
  ownedBy(path, (name) => name.replace(/\d+$/, '1'))
  const found = look(path, 5) as AbandonedDirectory

  assert.deepEqual([takeOver(found), takeOver(found), takeOver(found)], [true, false, false])
  assert.equal(look(path, 5).kind, 'owned')
})

test('workers of another database, and what is no worker, are none of ours', (t) => {
  const { state } = made(t, 'other')
  for (const name of ['worker-abc-', 'worker-abc-x', 'lock', 'worker-abc-5.17']) mkdirSync(join(state, name))

  assert.deepEqual(abandonedDirectories(state, 'abc'), [])
  assert.deepEqual(abandonedDirectories(join(state, 'missing'), 'abc'), [])
  assert.equal(look(join(state, 'missing'), 5).kind, 'absent')
})

test('removing takes the inputs in memory with it, and of the slots each is known once', (t) => {
  const { state, path } = made(t)
  const input = inputInMemory(path, 3)
  for (const file of [input, join(path, 'slot-3.out'), join(path, 'slot-3.journal'), join(path, 'slot-11.out')])
    writeFileSync(file, 'x')
  assert.deepEqual(slotsOf(path), [3, 11])

  removeWorkerDirectory(path)

  assert.deepEqual([readdirSync(state), existsSync(input)], [[], false])
})

test('what was being made or removed by a process that was killed is swept away, but not while it lives', (t) => {
  const { state } = made(t)
  const { pid: ended } = spawnSync('true')
  for (const pid of [ended, process.pid]) mkdirSync(join(state, `worker-abc-6.${pid}`))

  removeUnfinished(state, 'abc')

  assert.deepEqual(readdirSync(state).toSorted(), ['worker-abc-5', `worker-abc-6.${process.pid}`])
})

test('the state directory is known without its links, because a link leads elsewhere after a deploy', (t) => {
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, 'release-1'))
  symlinkSync('release-1', join(directory, 'current'))

  assert.equal(realStateDirectory(join(directory, 'current', '.queue')), join(directory, 'release-1', '.queue'))
})

test('of workers beside each other the first living one looks at all, the others only at those before it', (t) => {
  const state = temporaryDirectory(t)
  const path = (id: number) => workerDirectoryPath(state, 'abc', id)
  for (const id of [1, 3, 4, 10]) makeWorkerDirectory(path(id))
  for (const id of [1, 10]) ownedBy(path(id), (name) => name.replace(/\d+$/, '1'))

  const seenBy = (id: number) => abandonedDirectories(state, 'abc', path(id)).map(({ workerId }) => workerId)

  assert.deepEqual([seenBy(3), seenBy(4)], [[1, 10], [1]])
  assert.deepEqual(
    abandonedDirectories(state, 'abc').map(({ workerId }) => workerId),
    [1, 10],
  )
})

function made(t: TestContext, installation = 'abc'): { state: string; path: string } {
  const state = temporaryDirectory(t)
  const path = workerDirectoryPath(state, installation, 5)
  makeWorkerDirectory(path)
  return { state, path }
}

function ownedBy(path: string, change: (name: string) => string): void {
  const [owner = ''] = readdirSync(path)
  renameSync(join(path, owner), join(path, change(owner)))
}
