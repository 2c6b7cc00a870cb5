/**
 * graphile-worker, as its documentation says for queues with many jobs (worker.graphile.org/docs/performance, "Batching"): a local
 * queue of one more than the concurrency, and ends of jobs written together, up to 25 ms late.
 *
 *     node graphile-worker.mjs client <url>
 *     node graphile-worker.mjs worker <url> <concurrency> <program>
 */
import { makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import { answer, momentOf, params, timed } from './answer.ts'
import { runProgram } from './run-program.mjs'

const [role, connectionString, concurrency, program] = process.argv.slice(2)
await (role === 'client' ? client() : worker())

async function client() {
  const utils = await makeWorkerUtils({ connectionString })
  await utils.migrate()
  const db = new pg.Client({ connectionString })
  await db.connect()
  await answer({
    reset: () => db.query('TRUNCATE graphile_worker._private_jobs').then(() => undefined),
    enqueue: (count) => {
      const jobs = params(count).map((param) => ({ identifier: 'program', payload: { param } }))
      return timed(() => utils.addJobs(jobs))
    },
    add: (param) => momentOf(() => utils.addJob('program', { param })),
    remaining: async () => {
      const { rows } = await db.query(
        'SELECT COUNT(*) AS unfinished, COUNT(last_error) AS failed FROM graphile_worker._private_jobs',
      )
      return `${rows[0].unfinished} ${rows[0].failed}`
    },
  })
}

async function worker() {
  const concurrentJobs = Number(concurrency)
  const runner = await run({
    preset: {
      worker: {
        connectionString,
        concurrentJobs,
        maxPoolSize: concurrentJobs + 2,
        localQueue: { size: concurrentJobs + 1 },
        completeJobBatchDelay: 25,
        failJobBatchDelay: 25,
      },
    },
    taskList: { program: ({ param }) => runProgram(program, param) },
  })
  await runner.promise
}
