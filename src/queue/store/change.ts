/**
 * What an operator does to tasks: cancel, hold, release, retry.
 *
 * Each is one guarded write: its WHERE names the rows it is for, so of a row that a worker claims or books at the same
 * moment one of the two is the first, and the other changes nothing. The same conditions are selected beside every row
 * before and after, so what was changed, what would be and why something was not are told by one rule.
 */
import { again } from '../again.ts'
import type { Dialect, Driver, Executor } from '../driver.ts'
import { type StatusName, statusName } from '../status.ts'
import { marks, padded } from './sql.ts'

export type Verb = 'cancel' | 'hold' | 'release' | 'retry'

/** What decides whether a verb is for a task. */
export interface Present {
  readonly state: StatusName | `${number}`
  /** It runs and was cancelled: its worker stops it. */
  readonly cancelling: boolean
  /** Its `expires_at` is over. */
  readonly expired: boolean
  readonly shardKey: string | null
}

export type Change =
  | { readonly id: number; readonly kind: 'changed'; readonly from: Present; readonly now: Present }
  /** It was as asked before. */
  | { readonly id: number; readonly kind: 'already'; readonly now: Present }
  /** The verb is not for a task in this state. */
  | { readonly id: number; readonly kind: 'refused'; readonly now: Present }
  | { readonly id: number; readonly kind: 'missing' }

export interface ChangeOptions {
  /** Retry also what has expired: its `expires_at` is cleared. */
  readonly dropExpiry?: boolean
  /** Change nothing, and return what would be changed. */
  readonly dryRun?: boolean
  /** How long a database that does not answer is asked again. */
  readonly patienceMs: number
}

const BATCH = 250

/**
 * @param ids  ascending, each once
 * @returns what became of each, in that order
 */
export async function changeTasks(
  db: Driver,
  verb: Verb,
  ids: readonly number[],
  options: ChangeOptions,
): Promise<Change[]> {
  const rule = RULES[verb](db.dialect, options.dropExpiry === true)
  const changes: Change[] = []
  for (let start = 0; start < ids.length; start += BATCH) {
    changes.push(...(await changeBatch(db, rule, ids.slice(start, start + BATCH), options)))
  }
  return changes
}

/** Cancels in a transaction of the caller's, where nobody asks what became of each. */
export async function cancelRows(tx: Executor, dialect: Dialect, ids: readonly number[]): Promise<void> {
  for (let start = 0; start < ids.length; start += BATCH) {
    await write(tx, dialect, RULES.cancel(dialect, false), ids.slice(start, start + BATCH))
  }
}

/** One verb as SQL. */
interface Rule {
  /** The rows that it changes. */
  readonly isFor: string
  /** The rows that are as asked already. */
  readonly isSo: string
  /** The state that it leads to. */
  readonly becomes: string
  /** What else it writes; every expression sees the row as it was. */
  readonly writes: readonly string[]
}

const IS_WAITING = 'status IN (0, 4)'

const RULES: Readonly<Record<Verb, (dialect: Dialect, dropExpiry: boolean) => Rule>> = {
  cancel: ({ now }) => ({
    isFor: '(status IN (0, 4, 6) OR (status = 2 AND cancel_at IS NULL))',
    isSo: '(status = 5 OR (status = 2 AND cancel_at IS NOT NULL))',
    becomes: 'CASE WHEN status = 2 THEN 2 ELSE 5 END',
    writes: [
      `cancel_at = ${now}`,
      `finished_at = CASE WHEN status = 2 THEN finished_at ELSE ${now} END`,
      'unique_key = CASE WHEN status = 2 OR keep_unique = 1 THEN unique_key ELSE NULL END',
    ],
  }),

  hold: () => ({ isFor: IS_WAITING, isSo: 'status = 6', becomes: '6', writes: [] }),

  release: ({ now }) => ({
    isFor: 'status = 6',
    isSo: IS_WAITING,
    becomes: `CASE WHEN run_at > ${now} THEN 4 ELSE 0 END`,
    writes: [],
  }),

  // Of what waits only the time changes: its next attempt comes now. What is finished begins anew.
  retry: ({ now }, dropExpiry) => {
    const isFor = `(status IN (1, 3, 4, 5) OR (status = 0 AND run_at > ${now}))`
    const anew = (column: string, value: string) =>
      `${column} = CASE WHEN ${IS_WAITING} THEN ${column} ELSE ${value} END`
    const emptied = ['exit_code', 'exit_signal', 'error', 'started_at', 'finished_at', 'claim_token', 'worker_id']
    return {
      isFor: dropExpiry ? isFor : `(${isFor} AND (expires_at IS NULL OR expires_at > ${now}))`,
      isSo: `(status = 0 AND run_at <= ${now})`,
      becomes: '0',
      writes: [
        `run_at = ${now}`,
        `expires_at = CASE WHEN expires_at <= ${now} THEN NULL ELSE expires_at END`,
        'cancel_at = NULL',
        ...['attempts', 'crashes'].map((column) => anew(column, '0')),
        ...emptied.map((column) => anew(column, 'NULL')),
      ],
    }
  },
}

async function changeBatch(
  db: Driver,
  rule: Rule,
  ids: readonly number[],
  { dryRun = false, patienceMs }: ChangeOptions,
): Promise<Change[]> {
  const retrying = { forMs: patienceMs }
  const before = await again(db.dialect, retrying, () => read(db, db.dialect, rule, ids))
  const chosen = ids.filter((id) => before.get(id)?.isFor)
  // Read back before anybody else can change what was written: a retried task may be claimed at once.
  const after =
    chosen.length === 0 || dryRun
      ? before
      : await again(db.dialect, retrying, () =>
          db.transaction(async (tx) => {
            await write(tx, db.dialect, rule, chosen)
            return read(tx, db.dialect, rule, ids)
          }),
        )
  return ids.map((id) => changeOf(id, before.get(id), after.get(id), dryRun))
}

function changeOf(id: number, before: Judged | undefined, after: Judged | undefined, dryRun: boolean): Change {
  if (before === undefined || after === undefined) return { id, kind: 'missing' }
  if (before.isSo) return { id, kind: 'already', now: before.present }
  const from = before.present
  if (dryRun && before.isFor) return { id, kind: 'changed', from, now: before.result }
  return !dryRun && after.isSo
    ? { id, kind: 'changed', from, now: after.present }
    : { id, kind: 'refused', now: after.present }
}

/** MySQL assigns from left to right and lets an expression see what stands before it: the state is written last. */
async function write(db: Executor, dialect: Dialect, rule: Rule, ids: readonly number[]): Promise<void> {
  const all = padded(ids)
  await db.run(
    `UPDATE queue
        SET ${[...rule.writes, `mtime = ${dialect.now}`, `status = ${rule.becomes}`].join(',\n            ')}
      WHERE id IN (${marks(all.length)})
        AND ${rule.isFor}`,
    [...all],
  )
}

/** A row, and what a verb makes of it. */
interface Judged {
  readonly isFor: boolean
  readonly isSo: boolean
  readonly present: Present
  /** As it is once the verb has changed it. */
  readonly result: Present
}

interface JudgedRow {
  id: number
  status: number
  becomes: number
  is_for: number
  is_so: number
  is_cancelling: number
  is_expired: number
  shard_key: string | null
}

async function read(
  db: Executor,
  dialect: Dialect,
  rule: Rule,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Judged>> {
  const all = padded(ids)
  const rows = await db.all<JudgedRow>(
    `SELECT id, status, shard_key, ${rule.becomes} AS becomes,
            CASE WHEN ${rule.isFor} THEN 1 ELSE 0 END AS is_for,
            CASE WHEN ${rule.isSo} THEN 1 ELSE 0 END AS is_so,
            CASE WHEN status = 2 AND cancel_at IS NOT NULL THEN 1 ELSE 0 END AS is_cancelling,
            CASE WHEN expires_at <= ${dialect.now} THEN 1 ELSE 0 END AS is_expired
       FROM queue
      WHERE id IN (${marks(all.length)})`,
    [...all],
  )
  return new Map(rows.map((row) => [Number(row.id), judged(row)]))
}

function judged(row: JudgedRow): Judged {
  const present: Present = {
    state: statusName(Number(row.status)),
    cancelling: Number(row.is_cancelling) === 1,
    expired: Number(row.is_expired) === 1,
    shardKey: row.shard_key,
  }
  const becomes = statusName(Number(row.becomes))
  return {
    isFor: Number(row.is_for) === 1,
    isSo: Number(row.is_so) === 1,
    present,
    result: { ...present, state: becomes, cancelling: becomes === 'running' },
  }
}
