/**
 * The statements of this program, by what they are for: not written down here but asked of the functions that run them.
 */
import { bucketsOf } from '../../queue/bucket.ts'
import type { Dialect, Driver, Value } from '../../queue/driver.ts'
import { type Statement, statementsOf } from '../../queue/recording.ts'
import { changeTasks } from '../../queue/store/change.ts'
import { type ClaimRequest, claim } from '../../queue/store/claim.ts'
import { readyBuckets } from '../../queue/store/count.ts'
import { queueDepths } from '../../queue/store/depth.ts'
import { type Finish, finish } from '../../queue/store/finish.ts'
import { glance } from '../../queue/store/glance.ts'
import { glanceAtWork } from '../../queue/store/glance-at-work.ts'
import { keyTurn } from '../../queue/store/key-rule.ts'
import { look } from '../../queue/store/look.ts'
import { hasReadyBehind, news, untilDue } from '../../queue/store/news.ts'
import { oldestReady } from '../../queue/store/oldest.ts'
import { promote } from '../../queue/store/promote.ts'
import { deleteFinished, FROM_THE_OLDEST, nextFinished } from '../../queue/store/purge-tasks.ts'
import { readTask } from '../../queue/store/read-task.ts'
import { runningTasks, strayTasks } from '../../queue/store/running.ts'
import { leaveSeats, renewSeats } from '../../queue/store/seat.ts'
import { selectTasks } from '../../queue/store/select.ts'
import { sumTally } from '../../queue/store/tally.ts'
import { EMPTY_HANDS, Turns } from '../../queue/store/turns.ts'

export interface OwnStatement extends Statement {
  /** What cannot be done without it, behind "To": `claim tasks`. */
  readonly use: string
  /** It sorts rows of which there are few at any time: what runs, the attempts of one task, an hour's tally. */
  readonly sortsFew: boolean
}

interface Use {
  readonly use: string
  readonly sortsFew?: true
  /** Instead of the row that every question is answered with. */
  readonly row?: Readonly<Record<string, Value>>
  readonly work: (db: Driver) => Promise<unknown>
}

const PATIENCE_MS = 1_000
const SOME_TIME = 1_750_000_000_000

/** A ready task with a key, so that a claim comes to lanes; and all else that is asked for by a name. */
const ROW: Readonly<Record<string, Value>> = {
  ...{
    id: 1,
    priority: 0,
    bucket: 0,
    shard_key: 'a',
    ready_key: 'a',
    keyed: 0,
    early: 0,
    state: 'claimable',
    status: 2,
    claim_token: 1,
  },
  ...{
    queue: 'default',
    task: 'a',
    task_bytes: 1,
    param: '',
    param_bytes: 0,
    attempts: 1,
    count: 1,
    value: '1',
    name: 'a',
  },
}

const BUCKETS = [0, 1, 2]
const CLAIM: ClaimRequest = { queue: 'default', buckets: BUCKETS, limit: 10, workerId: 1, patienceMs: PATIENCE_MS }

const FINISH: Finish = {
  ...{
    id: 1,
    queue: 'default',
    task: 'a',
    claimToken: 1,
    attempt: 1,
    workerId: 1,
    next: { kind: 'done' },
    outcome: 'ok',
    exitCode: 0,
  },
  ...{ exitSignal: null, error: null, output: null, cpuMs: 0, ranMs: 0, endedAt: 0, crashes: 0 },
}

const USES: readonly Use[] = [
  { use: 'claim tasks', work: claimInEveryWay },
  { use: 'claim tasks of keys in turn', work: claimInTurn },
  { use: 'set tasks aside that are not due', row: { ...ROW, early: 1 }, work: deferAndLookBehind },
  { use: 'make scheduled tasks ready', work: (db) => promote(db, 100, PATIENCE_MS) },
  { use: 'book what is done', work: (db) => finish(db, [FINISH], PATIENCE_MS) },
  { use: 'book what failed', work: (db) => finish(db, [{ ...FINISH, next: { kind: 'failed' } }], PATIENCE_MS) },
  { use: 'clear up after a worker', sortsFew: true, work: (db) => runningTasks(db, 1, 100) },
  { use: 'find running tasks of no worker', sortsFew: true, work: (db) => strayTasks(db, 100) },
  { use: 'renew a lease', work: (db) => renewSeats(db, [1], PATIENCE_MS) },
  { use: 'let a worker leave', work: (db) => leaveSeats(db, [1], PATIENCE_MS) },
  { use: 'see which shards have work', work: (db) => readyBuckets(db, 'default') },
  { use: 'tell the age of a queue', work: (db) => oldestReady(db, 'default') },
  { use: 'hear of new tasks', work: hear },
  { use: 'look in a quiet minute', work: (db) => glance(db, 'a') },
  { use: 'see whether a worker has work', work: glanceForWorkers },
  { use: 'tell how much waits', row: { ...ROW, name: null }, work: (db) => queueDepths(db, 1_000) },
  { use: 'tell how fast it goes', sortsFew: true, work: (db) => sumTally(db, { since: SOME_TIME }) },
  { use: 'show a task', sortsFew: true, work: (db) => readTask(db, 1) },
  { use: 'list the newest tasks', work: (db) => selectTasks(db, {}, { order: 'newest', limit: 20 }) },
  { use: 'retry tasks', work: (db) => changeTasks(db, 'retry', [1], { patienceMs: PATIENCE_MS }) },
  { use: 'find what finished long ago', work: findFinished },
  { use: 'delete what finished long ago', work: (db) => deleteFinished(db, [1], SOME_TIME, PATIENCE_MS) },
]

/** With the full look, and with a short one for all buckets and for some. */
async function claimInEveryWay(db: Driver): Promise<void> {
  await claim(db, CLAIM)
  await claim(db, { ...CLAIM, expectsFew: true })
  await claim(db, { ...CLAIM, buckets: bucketsOf(1, [0]), expectsFew: true })
}

/** For keys that are new to a round, and behind those that had their turn. */
async function claimInTurn(db: Driver): Promise<void> {
  const turns = new Turns(1, EMPTY_HANDS)
  await claim(db, { ...CLAIM, turns })
  turns.round.had(0, 'a')
  await claim(db, { ...CLAIM, turns })
  await keyTurn(db, { id: 1, queue: 'default', bucket: 0, priority: 0 }, 'a')
}

async function deferAndLookBehind(db: Driver): Promise<void> {
  await claim(db, CLAIM)
  await look(db, { ...CLAIM, fromEnd: true }, CLAIM.limit)
}

async function hear(db: Driver): Promise<void> {
  await news(db, 'default')
  await untilDue(db)
  await hasReadyBehind(db, 'default', BUCKETS, 1)
}

async function glanceForWorkers(db: Driver): Promise<void> {
  await glanceAtWork(db, 'default', undefined)
  await glanceAtWork(db, 'default', BUCKETS)
}

async function findFinished(db: Driver): Promise<void> {
  for (const index of db.dialect.finishedIndexes) await nextFinished(db, index, SOME_TIME, FROM_THE_OLDEST, 100)
}

/** Each text once, for the purpose that has it first. */
export async function ownStatements(dialect: Dialect): Promise<OwnStatement[]> {
  const all: OwnStatement[] = []
  for (const { use, sortsFew = false, row = ROW, work } of USES) {
    for (const statement of await statementsOf(dialect, row, work)) {
      if (!all.some(({ sql }) => sql === statement.sql)) all.push({ use, sortsFew, ...statement })
    }
  }
  return all
}
