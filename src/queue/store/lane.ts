/**
 * Lanes: tasks with one `shard_key` run one at a time, in the order of their ids.
 *
 * A task may be claimed when nothing of its lane is in its way: no earlier task that is ready, held, running or waiting for
 * another attempt, and none at all that runs elsewhere. That is read from the rows, before a claim is written and again
 * afterwards, and nothing is counted anywhere: what is not written down cannot be wrong. Of two workers that write at
 * the same moment the second one to read sees the other's row.
 *
 * A worker keeps the order of what it has claimed itself, so its own running rows are in nobody's way, and a whole run of
 * ready rows can be claimed at once.
 */
import type { Dialect, Driver, Value } from '../driver.ts'
import { conditions, type TaskFilter } from './filter.ts'
import { LET_GO } from './set-aside.ts'
import { limited, marks, padded } from './sql.ts'

export interface LaneRequest {
  readonly queue: string
  readonly workerId: number
  readonly filter?: TaskFilter
  /** Task programs that are paused: their tasks cannot be claimed. */
  readonly paused?: readonly string[]
  readonly unfinished?: Unfinished
}

/**
 * By lane, the tasks of it that this worker has run and that are not finished: until that is booked their rows say that they
 * run, and they are in the way.
 */
export type Unfinished = ReadonlyMap<string, ReadonlySet<number>>

/** So many tasks of one lane are claimed at once, so that it does not fill a worker. */
export const CHAIN = 32
const LANES_PER_STATEMENT = 64

/** Keys that differ in blanks at their ends are one lane, because MySQL takes them for equal. */
export function laneOf(shardKey: string): string {
  return shardKey.replace(/ +$/, '')
}

/** What is in the way of the later tasks of its lane, as a condition; its one value is the worker whose own rows are not. */
export function inTheWay({ now }: Dialect): string {
  return `(status = 6
           OR (status = 2 AND (worker_id IS NULL OR worker_id <> ?))
           OR (status = 0 AND run_at <= ${now})
           OR (status = 4 AND (attempts > 0 OR crashes > 0 OR started_at IS NOT NULL)))`
}

/** Which ready rows of a lane can be claimed, as conditions to stand behind another one. */
export function claimableConditions(
  dialect: Dialect,
  filter: TaskFilter | undefined,
  paused: readonly string[] = [],
): { sql: string; values: Value[] } {
  const { sql, values } = conditions(dialect, filter)
  if (paused.length === 0) return { sql, values }
  const programs = padded(paused)
  return {
    sql: `${sql} AND (task NOT IN (${marks(programs.length)}) OR held_for = '${LET_GO}')`,
    values: [...values, ...programs],
  }
}

/**
 * What can be claimed in place of these ready rows: each without a key is itself, and of each lane it is the first ones, so
 * an urgent task moves those up that are in its way.
 *
 * @returns ids in the order of the rows
 */
export async function claimable(
  db: Driver,
  request: LaneRequest,
  rows: readonly { readonly id: number; readonly shardKey: string | null }[],
): Promise<number[]> {
  const keys = new Set(rows.flatMap(({ shardKey }) => shardKey ?? []))
  if (keys.size === 0) return rows.map(({ id }) => id)
  const lanes = await readLanes(db, request, [...keys], CHAIN)
  const runs = new Map([...lanes].map(([name, lane]) => [name, startOf(lane)]))
  return rows.flatMap(({ id, shardKey }) => (shardKey === null ? id : (runs.get(laneOf(shardKey))?.shift() ?? [])))
}

/** Of tasks that were claimed just now, those that are next in their lanes, and all without a key. */
export async function stillFree<Task extends { readonly id: number; readonly shardKey: string | null }>(
  db: Driver,
  request: LaneRequest,
  tasks: readonly Task[],
): Promise<Task[]> {
  const keys = new Set(tasks.flatMap(({ shardKey }) => shardKey ?? []))
  if (keys.size === 0) return [...tasks]
  const begunAnew = new Set(tasks.map(({ id }) => id))
  const unfinished = new Map(
    [...(request.unfinished ?? [])].map(([lane, ids]) => [lane, new Set([...ids].filter((id) => !begunAnew.has(id)))]),
  )
  const lanes = await readLanes(db, { ...request, unfinished }, [...keys], 1)
  return tasks.filter(({ id, shardKey }) => {
    if (shardKey === null) return true
    const lane = lanes.get(laneOf(shardKey))
    const first = lane?.rows[0]
    return !lane?.runsElsewhere && (first === undefined || first.id > id)
  })
}

interface Lane {
  /** What is in the way of later ones, ascending, as far as it was read. */
  readonly rows: readonly { readonly id: number; readonly isClaimable: boolean }[]
  /** A task of it, earlier or later, runs under another worker's claim. */
  readonly runsElsewhere: boolean
}

function startOf({ rows, runsElsewhere }: Lane): number[] {
  if (runsElsewhere) return []
  const end = rows.findIndex(({ isClaimable }) => !isClaimable)
  return rows.slice(0, end === -1 ? undefined : end).map(({ id }) => id)
}

interface LaneRow {
  id: number
  shard_key: string
  state: 'claimable' | 'blocked' | 'elsewhere'
}

async function readLanes(
  db: Driver,
  request: LaneRequest,
  keys: readonly string[],
  depth: number,
): Promise<Map<string, Lane>> {
  const found = new Map<string, Map<number, LaneRow>>()
  for (let start = 0; start < keys.length; start += LANES_PER_STATEMENT) {
    for (const row of await readSome(db, request, padded(keys.slice(start, start + LANES_PER_STATEMENT)), depth)) {
      const lane = laneOf(row.shard_key)
      const rows = found.get(lane) ?? new Map()
      found.set(lane, rows.set(Number(row.id), row))
    }
  }
  return new Map([...found].map(([name, rows]) => [name, laneFrom([...rows.values()])]))
}

function laneFrom(rows: readonly LaneRow[]): Lane {
  return {
    rows: rows
      .map(({ id, state }) => ({ id: Number(id), isClaimable: state === 'claimable' }))
      .toSorted((a, b) => a.id - b.id),
    runsElsewhere: rows.some(({ state }) => state === 'elsewhere'),
  }
}

/** The first rows of each lane: one range of its index. And, from the few rows that run, those that run elsewhere. */
async function readSome(
  db: Driver,
  { queue, workerId, filter, paused, unfinished }: LaneRequest,
  keys: readonly string[],
  depth: number,
): Promise<LaneRow[]> {
  const { dialect } = db
  const matches = claimableConditions(dialect, filter, paused)
  const values: Value[] = []
  const branches = keys.map((key) => {
    const ended = padded([...(unfinished?.get(laneOf(key)) ?? []), 0])
    values.push(...matches.values, key, queue, workerId, ...ended)
    return dialect.limitedBranch(
      `SELECT id, shard_key, CASE WHEN status = 0${matches.sql} THEN 'claimable' ELSE 'blocked' END AS state
         FROM queue ${dialect.useIndex('queue_lane')}
        WHERE lane = ? AND queue = ?
          AND (${inTheWay(dialect)} OR id IN (${marks(ended.length)}))
        ORDER BY id LIMIT ${limited(depth)}`,
    )
  })
  values.push(queue, workerId, ...keys)
  return db.all<LaneRow>(
    `${branches.join(' UNION ALL ')}
      UNION ALL
     SELECT id, shard_key, 'elsewhere' AS state FROM queue ${dialect.useIndex(dialect.runningIndex)}
      WHERE status = 2 AND queue = ? AND (worker_id IS NULL OR worker_id <> ?) AND shard_key IN (${marks(keys.length)})`,
    values,
  )
}
