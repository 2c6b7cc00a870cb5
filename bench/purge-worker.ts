/**
 * One worker of `npm run bench -- purge`: claims tasks of its shard, pretends to run them, finishes them, and times each claim.
 *
 * A process of its own, as a worker is. The program is a pause: what is measured is the database's part.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { bucketsOf } from '../src/queue/bucket.ts'
import { claim } from '../src/queue/store/claim.ts'
import { type Finish, finish } from '../src/queue/store/finish.ts'
import { openDriver } from '../src/queue/url.ts'

export interface ClaimTime {
  readonly at: number
  readonly ms: number
}

/** What it sends when it is told to end. */
export interface WorkerReport {
  /** On the clock of the day, so that phases of another process can be told apart. */
  readonly claims: readonly ClaimTime[]
  readonly finished: readonly { readonly at: number; readonly tasks: number }[]
}

const PATIENCE_MS = 30_000
const [url = '', shard = '0', total = '1', limit = '10', pauseMs = '50'] = process.argv.slice(2)
let isOver = false
process.on('message', () => {
  isOver = true
})

const db = await openDriver(url, '/')
const buckets = bucketsOf(Number(total), [Number(shard)])
const workerId = Number(shard) + 1
const claims: ClaimTime[] = []
const finished: { at: number; tasks: number }[] = []
process.send?.('ready')
while (!isOver) {
  const begunAt = performance.now()
  const tasks = await claim(db, { queue: 'default', buckets, limit: Number(limit), workerId, patienceMs: PATIENCE_MS })
  claims.push({ at: Date.now(), ms: performance.now() - begunAt })
  await sleep(Number(pauseMs))
  const ends = tasks.map(
    (task): Finish => ({
      ...{ id: task.id, claimToken: task.claimToken, attempt: task.attempt, workerId, next: { kind: 'done' } },
      ...{ queue: task.queue, task: task.task },
      ...{ outcome: 'ok', exitCode: 0, exitSignal: null, error: null, output: null, cpuMs: 1, ranMs: 20, crashes: 0 },
      endedAt: performance.now(),
    }),
  )
  if (ends.length > 0) await finish(db, ends, PATIENCE_MS)
  finished.push({ at: Date.now(), tasks: ends.length })
}
await db.close()
process.send?.({ claims, finished } satisfies WorkerReport, () => process.disconnect())
