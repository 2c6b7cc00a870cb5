/** Where a program's parameter waits for it on standard input: in memory, or, where there is no room in memory, on disk. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { type Ended, runProgram } from '../helpers/processes.ts'
import { CANNOT_MOUNT, saidWhy, smallDisk } from './small-disk.ts'

const [sqlite] = DATABASES as readonly [Database]

const DO_QUEUE = join(import.meta.dirname, '../../dist/bin/do-queue.js')
const PARAM = 'it\'s\n$(echo "x")'.repeat(3_000)

/** What is done to /dev/shm in a world of the worker's own, before it starts. */
const WORLDS = {
  full: 'mount -t tmpfs -o size=4k tmpfs /dev/shm && head -c 4096 /dev/zero >/dev/shm/filling',
  'too small for a parameter': 'mount -t tmpfs -o size=8k tmpfs /dev/shm',
  'read-only': 'mount -t tmpfs -o ro tmpfs /dev/shm',
  absent: `
    mkdir -p shadow && mount -t tmpfs tmpfs shadow &&
    for name in null zero random urandom; do touch shadow/$name && mount --bind /dev/$name shadow/$name; done &&
    mount --move shadow /dev && [ ! -e /dev/shm ]`,
} as const

for (const [how, change] of Object.entries(WORLDS)) {
  test(`with memory for files that is ${how} the parameter waits on disk, byte for byte, and is removed`, async (t) => {
    const project = await queueProject(t, sqlite)
    mkdirSync(project.path('kept'))
    await project.insert(...Array.from({ length: 4 }, () => ({ task: 'keep-argument', param: PARAM })))

    const ended = await workInWorld(project, change, ['--concurrency', '2'])

    if (ended.stdout.includes('cannot mount')) return t.skip(CANNOT_MOUNT)
    assert.deepEqual([ended.code, ended.stderr], [0, ''])
    assert.deepEqual(await project.states(), Array(4).fill('done'))
    for (const id of [1, 2, 3, 4]) assert.equal(readFileSync(project.path('kept', `${id}.stdin`), 'utf8'), PARAM)
    await project.nothingIsLeft()
  })
}

test('with no room for a parameter, in memory or on disk, its program is not started and the row is given back', async (t) => {
  const project = await queueProject(t, sqlite)
  const disk = smallDisk(t, project.path('.queue'), 65_536)
  if (disk === undefined) return t.skip(CANNOT_MOUNT)
  const filling = 'head -c 40000 /dev/zero >.queue/filling'
  const [small, large] = await project.insert({ task: 'tally' }, { task: 'tally', param: PARAM })

  saidWhy(
    await workInWorld(project, `${WORLDS.full} && ${filling}`),
    75,
    /The state directory \/.+ cannot be written \(ENOSPC\)\. Make room /,
  )

  assert.equal((await project.row(small)).status, 'done')
  const { status, attempts } = await project.row(large)
  assert.deepEqual([status, attempts], ['ready', 0])
  assert.deepEqual(project.lines('runs'), [`${small}`])
  disk.free()
  await project.run('do-queue')
  assert.deepEqual(project.lines('runs'), [`${small}`, `${large}`])
  assert.deepEqual(await project.states(), ['done', 'done'])
})

/** Runs do-queue where only it, and what it starts, sees the change. */
function workInWorld(project: QueueProject, change: string, args: readonly string[] = []): Promise<Ended> {
  const script = `{ ${change}; } 2>/dev/null || { echo 'cannot mount'; exit 0; }; exec "$@"`
  const command = ['sh', '-c', script, 'sh', process.execPath, DO_QUEUE, ...args]
  return runProgram('unshare', ['--mount', ...command], { cwd: project.directory })
}
