/**
 * Many who come to clear up after the same dead worker: each outcome is booked once, each output is in the log once.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { look, takeOver } from '../../src/worker/worker-directory.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { bytesOfSeq } from './bytes-of-seq.ts'
import { dismissed, faultProject, killed, OTHER_QUEUE } from './fault-project.ts'

const PROGRAMS = 6
const LARGE = 2 * 1_048_576

// They wait more than they compute.
describe('many adopters', { concurrency: 2 }, () => {
  for (const database of DATABASES) {
    for (const adopters of [2, 5]) {
      test(`${adopters} adopters at once do the work of one (${database.name})`, async (t) => {
        const project = await faultProject(t, database, { schedule: OTHER_QUEUE })
        const sizes = Array.from({ length: PROGRAMS }, (_, n) => (n === 0 ? LARGE : n * 1_000))
        const ids = await project.insert(
          ...sizes.map((size, n) => ({ task: 'finish-when', param: `go ${size} ${n % 3}` })),
          { task: 'say', param: 'unstarted' },
        )
        const worker = await project.working(ids.slice(0, PROGRAMS), [
          '--concurrency',
          String(PROGRAMS),
          '--retry',
          '10m',
        ])
        await waitFor(async () => (await project.states())[PROGRAMS] === 'running', { what: 'one more to be claimed' })
        await killed(worker)
        project.release('go')
        await waitFor(() => project.runners().length === 0, { what: 'the runners to leave' })

        const all = Array.from({ length: adopters }, (_, n) =>
          n % 2 === 0
            ? project.start('do-queue', ['--queue', `other-${n}`])
            : project.start('cron-mission', ['--at', `2026-11-20T18:3${n}:00Z`]),
        )
        for (const { code, stderr } of await Promise.all(all.map(({ exited }) => exited)))
          assert.deepEqual([code, stderr], [0, ''])

        for (const [n, id] of ids.slice(0, PROGRAMS).entries()) {
          const row = await project.row(id)
          const booked = (await project.attempts(id)).map(({ outcome }) => outcome)
          const lines = ['task-done', 'task-retry', 'task-failed']
            .flatMap((name) => project.events(name))
            .filter((line) => line.includes(` id=${id} `))
          assert.deepEqual([row.status, row.attempts, row.exitCode], [n % 3 === 0 ? 'done' : 'scheduled', 1, n % 3])
          assert.deepEqual(booked, n % 3 === 0 ? [] : ['exit'])
          assert.equal(lines.length, 1, lines.join('\n'))
          assert.equal(project.written(row), bytesOfSeq(sizes[n] ?? 0))
        }
        const unstarted = await project.row(ids[PROGRAMS])
        assert.deepEqual([unstarted.status, unstarted.attempts], ['ready', 0])
        assert.deepEqual(project.events('claim-lost'), [])
        await project.adopted()
      })
    }

    test(`programs that end while two workers watch them are each booked once (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const ids = await project.insert(...[1, 2, 3, 4].map((n) => ({ task: 'finish-when', param: `go${n} ${n}00` })))
      const beside = [await project.beside('beside-1'), await project.beside('beside-2')]
      await killed(await project.working(ids, ['--concurrency', '4']))

      for (const n of [1, 2, 3, 4]) {
        project.release(`go${n}`)
        await waitFor(async () => (await project.states()).filter((state) => state === 'done').length === n, {
          what: `program ${n} to be booked`,
        })
      }

      assert.equal(project.events('task-done').length, 4, project.events('task-done').join('\n'))
      assert.deepEqual(
        (await project.rows()).map((row) => project.written(row)),
        [1, 2, 3, 4].map((n) => bytesOfSeq(n * 100)),
      )
      await dismissed(project, ...beside)
      await project.adopted()
    })

    test(`an adopter that is killed in its turn is followed by the next (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const ids = await project.insert(
        { task: 'finish-when', param: 'go 300' },
        { task: 'finish-when', param: 'go 400' },
      )
      await killed(await project.working(ids, ['--concurrency', '2']))

      for (const queue of ['beside-1', 'beside-2', 'beside-3']) {
        const adopter = await project.beside(queue)
        await waitFor(
          () => project.events('worker-adopted').some((line) => line.split(' ')[2] === String(adopter.pid)),
          {
            what: 'it to take the directory over',
          },
        )
        await killed(adopter)
      }
      project.release('go')
      await waitFor(() => project.runners().length === 0, { what: 'the runners to leave' })
      await project.once('do-queue')

      assert.deepEqual(await project.states(), ['done', 'done'])
      assert.equal(project.events('task-done').length, 2)
      await project.adopted()
    })
  }
})

test('of two who have seen the same abandoned directory, one takes it over', (t) => {
  const path = join(temporaryDirectory(t), 'worker-4f1c0a2b-17')
  mkdirSync(path)
  writeFileSync(join(path, 'owner.000000000000.4711.1'), '')
  const first = look(path, 17)
  const second = look(path, 17)
  assert.ok(first.kind === 'abandoned' && second.kind === 'abandoned')

  assert.deepEqual([takeOver(first), takeOver(second)], [true, false])
})
