/**
 * BullMQ, as "Going to production" of its documentation says (docs.bullmq.io): a worker's connection that retries for ever, finished
 * jobs removed beyond some, no eviction (which is Redis' own default). The persistence is the server's.
 *
 *     node bullmq.mjs client <url>
 *     node bullmq.mjs worker <url> <concurrency> <program>
 */
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { answer, momentOf, params, timed } from './answer.ts'
import { runProgram } from './run-program.mjs'

const QUEUE = 'program'
const [role, url, concurrency, program] = process.argv.slice(2)
const connection = new Redis(url, { maxRetriesPerRequest: null })
await (role === 'client' ? client() : worker())

async function client() {
  const queue = new Queue(QUEUE, { connection })
  await queue.waitUntilReady()
  await answer({
    reset: () => queue.obliterate({ force: true }),
    enqueue: (count) => {
      const jobs = params(count).map((param) => ({ name: 'program', data: { param } }))
      return timed(() => queue.addBulk(jobs))
    },
    add: (param) => momentOf(() => queue.add('program', { param })),
    remaining: async () => {
      const { waiting, active, delayed, failed } = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed')
      return `${waiting + active + delayed} ${failed}`
    },
  })
}

async function worker() {
  const options = {
    connection,
    concurrency: Number(concurrency),
    removeOnComplete: { count: 1_000 },
    removeOnFail: { count: 5_000 },
  }
  const started = new Worker(QUEUE, ({ data }) => runProgram(program, data.param), options)
  started.on('error', (error) => process.stderr.write(`${error.stack}\n`))
  process.once('SIGTERM', () => started.close().then(() => process.exit(0)))
}
