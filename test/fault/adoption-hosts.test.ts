/**
 * Workers of another host: nothing is known of them but their lease.
 *
 * The other host is a process with another host name and a state directory that nobody else can read (which takes root),
 * in a project of its own, on the same database.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allGone } from '../bin/queue-project.ts'
import { DATABASES } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { waitFor } from '../helpers/processes.ts'
import { faultProject, killed } from './fault-project.ts'
import { otherHost, whyNoOtherHost } from './other-host.ts'

const LOST = 'its runner ended in the middle of it, and how far it came is not known'
/** Of a task that is to be run again at once: it was promoted, or will be. */
const WAITING = ['scheduled', 'ready']
/** A worker renews its lease, and so learns that it was lost, every 15 s. */
const BEAT_AND_MORE_MS = 25_000

const skip = whyNoOtherHost() ?? false

// They wait more than they compute.
describe('workers of another host', { concurrency: 2 }, () => {
  for (const database of DATABASES) {
    test(`a host that is gone keeps its tasks until its lease is over, then the crash policy decides (${database.name})`, {
      skip,
    }, async (t) => {
      const project = await faultProject(t, database)
      const host = await otherHost(t, project, 'web-2')
      const [again, behind] = await project.insert({ task: 'hang' }, { task: 'say', param: 'x' })
      const gone = host.start(['--crash', 'retry', '--retry', '10m'])
      await host.started(again)
      await waitFor(async () => (await project.states())[1] === 'running', { what: 'a second row to be claimed' })
      await host.powerCut(gone)

      await project.once('do-queue', ['--queue', 'other'])
      assert.deepEqual(await project.states(), ['running', 'running'])
      await project.leaseEnds()
      await project.once('do-queue', ['--queue', 'other', '--crash', 'fail'])

      const row = await project.row(again)
      assert.ok(WAITING.includes(row.status), row.status)
      assert.deepEqual([row.attempts, row.error], [0, LOST])
      assert.deepEqual(
        (await project.attempts(again)).map(({ outcome }) => outcome),
        ['crashed'],
      )
      assert.notEqual((await project.row(behind)).status, 'running')
      assert.equal(project.events('worker-expired').length, 1)
      assert.deepEqual(await project.workers(), [])
    })

    test(`a late result of a worker whose lease was over is refused, and the task is not touched (${database.name})`, {
      skip,
    }, async (t) => {
      const project = await faultProject(t, database)
      const host = await otherHost(t, project, 'web-2')
      const [id] = await project.insert({ task: 'finish-when', param: 'go 10' })
      const late = host.start()
      await host.started(id)

      late.kill('SIGSTOP')
      await project.leaseEnds()
      await project.once('do-queue', ['--queue', 'other', '--crash', 'retry'])
      assert.ok(WAITING.includes((await project.row(id)).status))
      const second = await project.working([id])
      const before = await project.row(id)
      host.release('go')
      late.kill('SIGCONT')
      await waitFor(() => host.events('claim-lost').length > 0, { what: 'the late result to be refused' })

      assert.deepEqual(await project.row(id), before)
      project.release('go')
      assert.equal((await second.exited).code, 0)
      await late.exited
      assert.deepEqual([(await project.row(id)).status, (await project.row(id)).attempts], ['done', 1])
      await host.nothingIsLeft()
      await project.adopted()
    })

    test(`a worker that learns that its lease was lost stops its programs (${database.name})`, { skip }, async (t) => {
      const project = await faultProject(t, database)
      const host = await otherHost(t, project, 'web-2')
      const [id] = await project.insert({ task: 'hang' })
      const late = host.start(['--crash', 'hold'])
      const pids = await host.started(id)

      await project.leaseEnds()
      await project.once('do-queue', ['--queue', 'other'])
      assert.equal((await project.row(id)).status, 'held')
      await waitFor(() => !pids.some(isAlive), { what: 'its program to be stopped', timeoutMs: BEAT_AND_MORE_MS })

      await late.exited
      assert.equal(host.events('claim-lost').length, 1)
      assert.equal((await project.row(id)).status, 'held')
      await host.nothingIsLeft()
      await project.adopted()
    })

    test(`programs of a killed worker whose tasks were given away are stopped by the next worker of its host (${database.name})`, {
      skip,
    }, async (t) => {
      const project = await faultProject(t, database)
      const host = await otherHost(t, project, 'web-2')
      const [id] = await project.insert({ task: 'hang' })
      const worker = host.start(['--crash', 'hold'])
      const pids = await host.started(id)
      await killed(worker)
      await project.leaseEnds()
      await project.once('do-queue', ['--queue', 'other'])
      assert.equal((await project.row(id)).status, 'held')
      assert.ok(pids.every(isAlive))

      const next = host.start(['--queue', 'other', '--watch'])

      await allGone(pids)
      await waitFor(() => host.workerDirectories().length === 1, { what: 'the directory of the dead worker to go' })
      next.kill('SIGTERM')
      assert.equal((await next.exited).code, 0)
      assert.equal((await project.row(id)).status, 'held')
      await host.nothingIsLeft()
      await project.adopted()
    })
  }
})
