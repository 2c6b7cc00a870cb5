/**
 * The producer: plain INSERTs, as a website makes them, as many as keep the workers busy and no more.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { bucketOfKey } from '../../src/queue/bucket.ts'
import type { Driver, Value } from '../../src/queue/driver.ts'
import type { Random } from '../fault/seeded-random.ts'

export interface Producer {
  /** Ids that an INSERT was answered with. */
  readonly acknowledged: readonly number[]
  /** Refused, because a task with that unique key is not finished. */
  readonly refused: number
  stop(): Promise<void>
}

type Row = Record<string, Value>

/** What is added: how often of a hundred, and what. `sign` takes seconds, endings, bytes of output. */
const KINDS: readonly (readonly [weight: number, make: (random: Random) => Row])[] = [
  [50, (random) => ({ param: `${seconds(random, 120)} 0 ${random.below(4) === 0 ? random.below(3_000) : 0}` })],
  [20, keyed],
  [8, (random) => ({ param: `${seconds(random, 60)} 0`, unique_key: `unique-${random.below(40)}` })],
  [6, (random) => ({ param: `${seconds(random, 60)} 1/75/0`, retry: '250ms,400ms' })],
  [5, (random) => ({ param: `${seconds(random, 60)} 0`, run_at: random.below(3_000) })],
  [3, (random) => ({ param: `${seconds(random, 60)} 3`, retry: random.oneOf(['none', '250ms']) })],
  [2, (random) => ({ param: `${seconds(random, 60)} 65` })],
  [2, (random) => ({ param: `${seconds(random, 60)} ${random.oneOf(['KILL/0', 'SEGV/0', 'TERM'])}` })],
  [2, (random) => ({ param: `${1 + random.below(3)} 0` })],
  [1, () => ({ param: '4 0', timeout_s: 1, retry: 'none' })],
  [1, () => ({ param: '0 0 1500000' })],
]
const KEYS = 12
const BACKLOG = 150
const AT_ONCE = 15
const LOOK_MS = 200

export function startProducer(db: Driver, random: Random): Producer {
  const acknowledged: number[] = []
  let refused = 0
  let isStopped = false

  async function produce(): Promise<void> {
    while (!isStopped) {
      await sleep(LOOK_MS)
      try {
        if ((await unfinished(db)) > BACKLOG) continue
        for (let n = 0; n < AT_ONCE && !isStopped; n++) acknowledged.push(await add(db, randomRow(random)))
      } catch (error) {
        if (db.dialect.isDuplicate(error)) refused++
        else if (!mayPass(db, error)) throw error // of what is not answered nobody knows whether it is there
      }
    }
  }

  const ended = produce()
  ended.catch(() => {}) // told to whoever stops it
  return {
    acknowledged,
    get refused() {
      return refused
    },
    async stop() {
      isStopped = true
      await ended
    },
  }
}

/** The database was killed, or somebody else was writing. */
export function mayPass(db: Driver, error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return [error, cause].some((it) => db.dialect.isConnectionLost(it) || db.dialect.isTransient(it))
}

/** How many tasks may still run. */
export async function unfinished(db: Driver): Promise<number> {
  const [row] = await db.all<{ count: number }>('SELECT COUNT(*) AS count FROM queue WHERE status IN (0, 2, 4)')
  return Number(row?.count)
}

function randomRow(random: Random): Row {
  return { task: 'sign', ...random.weighed(KINDS)(random) }
}

/** Some of a key have to be tried again, and the others wait for them. */
function keyed(random: Random): Row {
  const key = `key-${random.below(KEYS)}`
  const ending = random.below(6) === 0 ? '2/0' : '0'
  return {
    param: `${seconds(random, 60)} ${ending}`,
    shard_key: key,
    bucket: bucketOfKey(key),
    retry: '250ms',
  }
}

async function add(db: Driver, row: Row): Promise<number> {
  const columns = Object.keys(row)
  const values = columns.map((column) => (column === 'run_at' ? db.dialect.fromNow('?') : '?'))
  const sql = `INSERT INTO queue (${columns.join(', ')}) VALUES (${values.join(', ')})`
  return (await db.run(sql, Object.values(row))).insertId
}

function seconds(random: Random, longestMs: number): string {
  return (random.below(longestMs) / 1_000).toFixed(3)
}
