/**
 * What is booked for the programs of a killed worker is what would have been booked had it lived.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { type Running, waitFor } from '../helpers/processes.ts'
import { bytesOfSeq } from './bytes-of-seq.ts'
import { type FaultProject, faultProject, killed, outputFiles } from './fault-project.ts'

const [sqlite] = DATABASES as readonly [Database]

const MIB = 1_048_576

/** Parameters of `finish-when`: a file to wait for, bytes of output, an exit code or a signal. */
const ENDINGS = [
  'go 0 0',
  'go 5000 0',
  `go ${MIB} 0`,
  `go ${2 * MIB} 0`,
  'go 3000 1',
  `go ${2 * MIB + 1} 7`,
  'go 0 65',
  'go 12 75',
  'go 0 KILL',
  'go 2000 SEGV',
  'go 2000 TERM',
]
const SLOTS = String(ENDINGS.length)

// They wait more than they compute.
describe('outcomes of programs whose worker is dead', { concurrency: 2 }, () => {
  for (const database of DATABASES) {
    test(`every outcome and every output is booked as if the worker had lived (${database.name})`, async (t) => {
      const lived = await faultProject(t, database)
      const died = await faultProject(t, database)

      for (const project of [lived, died]) {
        const worker = await allRunning(project)
        if (project === died) await killed(worker)
        project.release('go')
        if (project === lived) await worker.exited
        await waitFor(() => project.runners().length === 0, { what: 'the runners to leave' })
        if (project === died) await project.once('do-queue', ['--queue', 'other'])
        await project.adopted()
      }

      const expected = await story(lived)
      const actual = await story(died)
      assert.deepEqual(actual, expected)
      assert.equal(actual[ENDINGS.length + 3]?.output, bytesOfSeq(2 * MIB))
      assert.deepEqual(outputFiles(died).length, 2)
    })

    test(`times and processor time are those of the program, not of whoever booked it (${database.name})`, async (t) => {
      const burn =
        '#!/bin/sh\necho $$ >"started.$TASK_ID"\nwhile [ ! -e go ]; do sleep 0.02; done\ni=0\nwhile [ $i -lt 300000 ]; do i=$((i + 1)); done\n'
      const project = await faultProject(t, database, { tasks: { burn } })
      const [first, second] = await project.insert({ task: 'exit' }, { task: 'burn' })
      const worker = await project.working([second])
      await killed(worker)
      const killedAt = await databaseNow(project)
      project.release('go')
      await waitFor(() => project.runners().length === 0, { what: 'the runner to leave' })
      const endedAt = await databaseNow(project)
      await waitFor(async () => (await databaseNow(project)) > endedAt + 500, { what: 'half a second to pass' })

      await project.once('do-queue', ['--queue', 'other'])

      const [row] = await project.db.all<Record<string, number>>(
        `SELECT ${project.db.dialect.asMs('started_at')} AS began, ${project.db.dialect.asMs('finished_at')} AS ended, cpu_ms
           FROM queue WHERE id = ${second}`,
      )
      const { began, ended, cpu_ms: cpuMs } = row as { began: number; ended: number; cpu_ms: number }
      assert.ok(Number(began) < killedAt && killedAt < Number(ended), `${began} < ${killedAt} < ${ended}`)
      assert.ok(Number(ended) < endedAt + 300, `It ended at ${endedAt} at the latest; ${ended} was booked.`)
      assert.ok(Number(cpuMs) >= 30 && Number(cpuMs) <= Number(ended) - Number(began) + 20, `${cpuMs} ms`)
      assert.equal((await project.row(first)).status, 'done')
      await project.adopted()
    })
  }

  test('what had ended before the worker was killed, and was not booked yet, is booked by the next', async (t) => {
    const project = await faultProject(t, sqlite)
    const ids = await project.insert(
      { task: 'finish-when', param: 'go 4000 3' },
      { task: 'finish-when', param: 'go 7 0' },
    )
    const worker = await project.working(ids, ['--concurrency', '2'])

    worker.kill('SIGSTOP')
    project.release('go')
    const hasEnded = () => project.journals().every(({ text }) => /^E /m.test(text))
    await waitFor(hasEnded, { what: 'both ends to stand in the journals' })
    await killed(worker)
    await project.once('do-queue')

    const [failed, done] = await project.rows()
    assert.deepEqual([failed?.status, failed?.exitCode, done?.status], ['scheduled', 3, 'done'])
    assert.deepEqual(
      [failed, done].map((row) => row && project.written(row)),
      [bytesOfSeq(4_000), bytesOfSeq(7)],
    )
    await project.adopted()
  })

  for (const database of DATABASES) {
    test(`an output that was logged and not booked when the worker was killed is in the log once (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const [small, large] = await project.insert(
        { task: 'finish-when', param: 'go 4000 0' },
        { task: 'finish-when', param: `go ${2 * MIB} 0` },
      )
      const worker = await project.working([small, large], ['--concurrency', '2'])
      const unlock = await project.lockRows()

      project.release('go')
      await waitFor(() => project.events('task-done').length === 2, { what: 'both to be logged' })
      await killed(worker)
      await unlock()
      assert.deepEqual(await project.states(), ['running', 'running'])
      await project.once('do-queue')

      assert.deepEqual(await project.states(), ['done', 'done'])
      assert.equal(project.events('task-done').length, 2, project.events('task-done').join('\n'))
      assert.equal(project.written(await project.row(small)), bytesOfSeq(4_000))
      assert.equal(project.written(await project.row(large)), bytesOfSeq(2 * MIB))
      assert.equal(outputFiles(project).length, 1)
      await project.adopted()
    })
  }

  const STOPPED = {
    'its time limit': { outcome: 'timeout', attempts: 1, flags: ['--timeout', '500ms'], ask: () => {} },
    'a second SIGTERM': {
      outcome: 'stopped',
      attempts: 0,
      flags: [],
      ask: async (project: FaultProject, worker: Running) => {
        worker.kill('SIGTERM')
        await waitFor(() => project.events('drain').length > 0, { what: 'the worker to drain' })
        worker.kill('SIGTERM')
      },
    },
  }

  for (const [reason, { outcome, attempts, flags, ask }] of Object.entries(STOPPED)) {
    test(`a program that its worker had stopped for ${reason} is booked so by the next, not as ended by a signal`, async (t) => {
      const project = await faultProject(t, sqlite)
      const [id] = await project.insert({ task: 'hang' })
      const worker = await project.working([id], ['--retry', '10m', ...flags])
      const unlock = await project.lockRows()

      await ask(project, worker)
      await waitFor(() => project.events('task-retry').length === 1, { what: 'its end to be logged' })
      await killed(worker)
      await unlock()
      await project.once('do-queue', ['--queue', 'other'])

      assert.deepEqual(
        (await project.attempts(id)).map((attempt) => attempt.outcome),
        [outcome],
      )
      assert.equal((await project.row(id)).attempts, attempts)
      await project.adopted()
    })
  }
})

/** One program in each slot, behind another one that has written something there. */
async function allRunning(project: FaultProject) {
  await project.insert(...ENDINGS.map((_, n) => ({ task: 'say', param: `before ${n}` })))
  const ids = await project.insert(...ENDINGS.map((param) => ({ task: 'finish-when', param })))
  const worker = await project.working(ids, ['--concurrency', SLOTS, '--retry', '10m,20m'])
  await waitFor(() => project.events('task-done').length === ENDINGS.length, { what: 'the first ones to be logged' })
  await waitFor(async () => (await project.states()).filter((state) => state === 'done').length === ENDINGS.length, {
    what: 'the first ones to be booked',
  })
  return worker
}

/** All that is known of the tasks, but for times, pids and places. */
async function story(project: FaultProject) {
  const rows = await project.rows()
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      ending: [row.status, row.attempts, row.exitCode, row.exitSignal, row.error],
      delayMinutes: row.status === 'scheduled' ? Math.round(row.delayMs / 60_000) : 0,
      output: project.written(row),
      attempts: (await project.attempts(row.id)).map(({ logFile, logOffset, ...attempt }) => ({
        ...attempt,
        output: project.written({ logFile, logOffset, logBytes: attempt.logBytes }),
      })),
      events: ['task-done', 'task-retry', 'task-failed'].flatMap((name) =>
        project
          .events(name)
          .filter((line) => line.includes(` id=${row.id} `))
          .map((line) => plain(line)),
      ),
    })),
  )
}

function plain(line: string): string {
  return line
    .split(' ')
    .slice(4)
    .join(' ')
    .replace(/ (ms|cpu)=\d+/g, '')
    .replace(/ file=\S+/, ' file')
}

async function databaseNow({ db }: FaultProject): Promise<number> {
  const [row] = await db.all<{ now: number }>(`SELECT ${db.dialect.asMs(db.dialect.now)} AS now`)
  return Number(row?.now)
}
