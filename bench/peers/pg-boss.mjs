/**
 * pg-boss. By itself a worker takes one job and waits two seconds for the next; its documentation (pgboss.io/api/workers) has
 * for queues with many jobs: several workers (localConcurrency), batches, no wait while batches come back full
 * (burstWhenBatchFull), and, so that an idle worker is woken, LISTEN/NOTIFY. Each job of a batch is settled by itself
 * (perJobResults), because one program that fails must not run the others again.
 *
 *     node pg-boss.mjs client <url>
 *     node pg-boss.mjs worker <url> <concurrency> <program>
 */
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { answer, momentOf, params, timed } from './answer.ts'
import { runProgram } from './run-program.mjs'

const QUEUE = 'program'
const [role, connectionString, concurrency, program] = process.argv.slice(2)
await (role === 'client' ? client() : worker())

async function client() {
  const boss = new PgBoss({ connectionString, supervise: false, schedule: false })
  boss.on('error', complain)
  await boss.start()
  await boss.createQueue(QUEUE, { notify: true })
  const db = new pg.Client({ connectionString })
  await db.connect()
  await answer({
    reset: () => boss.deleteAllJobs(QUEUE).then(() => undefined),
    enqueue: (count) => {
      const jobs = params(count).map((param) => ({ data: { param } }))
      return timed(() => boss.insert(QUEUE, jobs))
    },
    add: (param) => momentOf(() => boss.send(QUEUE, { param })),
    remaining: async () => {
      const { rows } = await db.query(
        `SELECT COUNT(*) FILTER (WHERE state < 'completed') AS unfinished, COUNT(*) FILTER (WHERE state > 'completed') AS failed
           FROM pgboss.job WHERE name = $1`,
        [QUEUE],
      )
      return `${rows[0].unfinished} ${rows[0].failed}`
    },
  })
}

async function worker() {
  const localConcurrency = Number(concurrency)
  const boss = new PgBoss({ connectionString, useListenNotify: true, max: localConcurrency + 4 })
  boss.on('error', complain)
  await boss.start()
  const options = { localConcurrency, batchSize: 50, burstWhenBatchFull: true, perJobResults: true }
  await boss.work(QUEUE, options, async (jobs) => {
    const results = []
    for (const job of jobs) results.push(await resultOf(job))
    return results
  })
  process.once('SIGTERM', () => boss.stop().then(() => process.exit(0)))
}

async function resultOf({ id, data }) {
  try {
    await runProgram(program, data.param)
    return { id, status: 'completed' }
  } catch (error) {
    return { id, status: 'failed', output: { message: error.message } }
  }
}

function complain(error) {
  process.stderr.write(`${error.stack}\n`)
}
