/**
 * Claiming: a look and a guarded write, not a lock.
 *
 * Read the first ready ids of our own buckets, then write our claim into them *only where nobody has*. Losing that race
 * is normal and costs one more look. It needs no SKIP LOCKED, holds no transaction open, and reads the same in MySQL,
 * MariaDB, Galera and SQLite. What we got is read back by the token we wrote, so a reply that was lost on its way costs
 * nothing either.
 *
 * Where one row at most is expected, all of that is one statement first (`short-claim.ts`).
 *
 * Tasks with a key wait for the ones before them (`lane.ts`): they are asked for before the write, and again afterwards,
 * because another worker may have written at the same moment. What is not free then is given back at once. Where keys take turns
 * (`turns.ts`) it is the same with the limit of a key.
 */
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { byPause, type Choice, sample } from './choice.ts'
import type { ClaimedTask } from './claimed-task.ts'
import { defer } from './defer.ts'
import type { TaskFilter } from './filter.ts'
import { giveBack } from './give-back.ts'
import { withinLimit } from './key-limit.ts'
import { claimable, type LaneRequest, laneOf, stillFree } from './lane.ts'
import { FEW, type Head, headsOfIds, type LookRequest, look, shortLook } from './look.ts'
import type { QueuePauseRow } from './queue-pause.ts'
import { setAside } from './set-aside.ts'
import { shortClaim } from './short-claim.ts'
import { newToken, take } from './take.ts'
import { chooseInTurn, type Turns } from './turns.ts'

export interface ClaimRequest extends Omit<LaneRequest, 'paused'> {
  /** The buckets that are ours, each 0..59. */
  readonly buckets: readonly number[]
  /** At most so many rows. */
  readonly limit: number
  readonly filter?: TaskFilter
  /** Pauses of task programs that are in force in this queue: ready tasks of these are set aside. */
  readonly pauses?: readonly QueuePauseRow[]
  /** Keys take turns instead of being lanes. */
  readonly turns?: Turns | undefined
  /** Lanes of which nothing is wanted. */
  readonly avoid?: ReadonlySet<string>
  /** Few rows are ready, as far as is known: then a short look comes first, and a full one where there are more. */
  readonly expectsFew?: boolean
  /** One at most: then looking and claiming is one statement, where the database can do that (`short-claim.ts`). */
  readonly expectsOne?: boolean
  /** Called after each look: whether few rows were ready, as far as it saw. */
  readonly onLooked?: (few: boolean) => void
  /** How long a database that does not answer is asked again. */
  readonly patienceMs: number
  readonly onLost?: (error: Error) => void
  /** Called when nothing was ready but what is returned. */
  readonly onAll?: () => void
  /** Called when tasks were set aside: there may be more behind them, also where nothing is returned. */
  readonly onSetAside?: () => void
  /** Called before it throws: rows may bear this token, and nobody was told. */
  readonly onUnsure?: (token: number) => void
}

/** After a lost race, choose at random among so many times the rows asked for: the others did not all lose too. */
const SPREAD_AFTER_LOSS = 4
/** So many heads at least are looked at where a program is paused: of its tasks many may stand in a row. */
const SET_ASIDE_AT_ONCE = 250
/** A look names so many keys at most that it looks past. */
const MOST_KEYS_PAST = 100

/**
 * @returns the rows that are now this worker's, most urgent first, those of one lane in the order of their ids; empty when
 *   none of its buckets has a row that can be claimed now
 */
export async function claim(db: Driver, request: ClaimRequest): Promise<ClaimedTask[]> {
  const { claimed, areMany } = await shortClaim(db, request)
  if (claimed === undefined) return stepByStep(db, areMany ? { ...request, expectsFew: false } : request)
  request.onLooked?.(true)
  if (claimed.length > 0) request.onAll?.()
  return [...claimed]
}

async function stepByStep(db: Driver, request: ClaimRequest): Promise<ClaimedTask[]> {
  const { turns } = request
  const retrying = { forMs: request.patienceMs, onLost: request.onLost }
  const avoid = new Set(request.avoid)
  let { pauses = [] } = request
  let fromEnd = false
  for (let spread = 1; ; spread = SPREAD_AFTER_LOSS) {
    const { chosen, early, paused } = await again(db.dialect, retrying, () =>
      turns === undefined
        ? choose(db, { ...request, pauses, avoid, fromEnd }, spread)
        : chooseInTurn(db, { ...request, turns, pauses, avoid }, spread),
    )
    const areMore = early.length > 0 && (await again(db.dialect, retrying, () => defer(db, request.queue, early)))
    const gone = await again(db.dialect, retrying, () => setAllAside(db, paused))
    if (gone.length < paused.size || areMore) request.onSetAside?.()
    if (chosen.length === 0 && (fromEnd || (gone.length === 0 && paused.size > 0))) return []
    pauses = pauses.filter((pause) => !gone.includes(pause)) // it is over, which its reader does not know yet
    fromEnd = areMore
    if (chosen.length === 0 && (early.length > 0 || gone.length > 0)) continue
    if (chosen.length === 0) return []

    const { free, blocked, areMoreEarly } = await claimChosen(db, request, chosen)
    if (areMoreEarly) request.onSetAside?.()
    for (const { shardKey } of blocked) avoid.add(laneOf(shardKey ?? ''))
    if (free.length > 0 || areMoreEarly) return free
  }
}

async function claimChosen(db: Driver, request: ClaimRequest, chosen: readonly number[]) {
  const { workerId, patienceMs, onLost } = request
  const retrying = { forMs: patienceMs, onLost }
  const token = newToken()
  try {
    const ids = chosen.toSorted((a, b) => a - b)
    const taken = await again(db.dialect, retrying, (attempt) => take(db, ids, token, workerId, attempt))
    const ours = chosen.flatMap((id) => taken.get(id) ?? [])
    const free = await again(db.dialect, retrying, () => freeOf(db, request, ours))
    // Keys in turn do not look at the rows that they choose: some of those that were not taken may not be due.
    const missed = request.turns === undefined ? [] : ids.filter((id) => !taken.has(id))
    const areMoreEarly =
      missed.length > 0 && (await again(db.dialect, retrying, () => deferMissed(db, request, missed)))
    const blocked = ours.filter((task) => !free.includes(task))
    await giveBack(db, blocked, patienceMs)
    return { free, blocked, areMoreEarly }
  } catch (error) {
    request.onUnsure?.(token)
    throw error
  }
}

/** @returns whether there are more that are not due */
async function deferMissed(db: Driver, { queue }: ClaimRequest, ids: readonly number[]): Promise<boolean> {
  const early = (await headsOfIds(db, ids)).filter((head) => head.early)
  return early.length > 0 && defer(db, queue, early)
}

async function freeOf(db: Driver, request: ClaimRequest, tasks: readonly ClaimedTask[]): Promise<ClaimedTask[]> {
  const { turns } = request
  if (turns === undefined) return stillFree(db, request, tasks)
  return withinLimit(db, request, turns.perKey, tasks, (key, room) => turns.hands.onRoom(key, room))
}

/**
 * The plain look costs least. Only when all that it saw is blocked, a dearer one looks past that; and when it ends at rows that are
 * early, a look from the end finds what was added behind them.
 */
async function choose(
  db: Driver,
  { pauses, ...request }: ClaimRequest & { pauses: readonly QueuePauseRow[]; avoid: Set<string>; fromEnd: boolean },
  spread: number,
): Promise<Choice> {
  const paused = pauses.flatMap(({ pause }) => pause.task ?? [])
  const most = request.limit * spread
  const many = pauses.length === 0 ? most : Math.max(most, SET_ASIDE_AT_ONCE)
  let past: string[] | undefined
  for (;;) {
    const found = await lookFor(db, { ...request, paused, ...(past === undefined ? {} : { past }) }, many)
    const early = request.fromEnd ? [] : found.filter((head) => head.early)
    const isPaused = (head: Head) => !head.isLetGo && paused.includes(head.task)
    const aside = found.filter((head) => !head.early && isPaused(head))
    const wanted = found
      .filter((head) => !head.early && !(isKeyed(head) && request.avoid.has(laneOf(head.shardKey))) && !isPaused(head))
      .slice(0, most)
    const chosen = await claimable(db, { ...request, paused }, sample(wanted, request.limit))
    const choice = { chosen, early, paused: byPause(aside, pauses) }
    if (chosen.length > 0 || early.length > 0 || aside.length > 0 || found.length === 0) return choice
    if (request.fromEnd) return choice

    const known: readonly string[] = past ?? []
    const keys = new Set(found.filter(isKeyed).map(({ shardKey }) => shardKey))
    const more = [...keys].filter((key) => !known.includes(key)).slice(0, MOST_KEYS_PAST - known.length)
    if (more.length === 0) return choice
    past = [...known, ...more]
  }
}

async function lookFor(
  db: Driver,
  { expectsFew = false, onLooked, ...request }: LookRequest & Pick<ClaimRequest, 'expectsFew' | 'onLooked'>,
  count: number,
): Promise<Head[]> {
  const all = expectsFew ? await shortLook(db, request, count) : undefined
  const found = all ?? (await look(db, request, count))
  if (request.past === undefined) onLooked?.(all !== undefined || (found.length < count && found.length <= FEW))
  return found
}

/** @returns the pauses for which nothing was set aside: they are over */
async function setAllAside(db: Driver, paused: Choice['paused']): Promise<QueuePauseRow[]> {
  const gone: QueuePauseRow[] = []
  for (const [pause, ids] of paused) if ((await setAside(db, ids, pause)) === 0) gone.push(pause)
  return gone
}

function isKeyed(head: Head): head is Head & { shardKey: string } {
  return head.shardKey !== null
}
