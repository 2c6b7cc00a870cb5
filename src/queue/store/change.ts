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
import { IS_MOVING, type Rule, type RuleOptions, ruleFor, type Verb } from './change-rules.ts'
import { marks, padded } from './sql.ts'

/** What decides whether a verb is for a task. */
export interface Present {
  readonly state: StatusName | `${number}`
  /** It runs and was cancelled: its worker stops it. */
  readonly cancelling: boolean
  /** Its `expires_at` is over. */
  readonly expired: boolean
  /** It is held because it is being moved to another database. */
  readonly moving?: true
  readonly shardKey: string | null
}

export type Change =
  | { readonly id: number; readonly kind: 'changed'; readonly from: Present; readonly now: Present }
  /** It was as asked before. */
  | { readonly id: number; readonly kind: 'already'; readonly now: Present }
  /** The verb is not for a task in this state. */
  | { readonly id: number; readonly kind: 'refused'; readonly now: Present }
  | { readonly id: number; readonly kind: 'missing' }

export interface ChangeOptions extends RuleOptions {
  /** Change nothing, and return what would be changed. */
  readonly dryRun?: boolean
  /** How long a database that does not answer is asked again. */
  readonly patienceMs: number
}

export const BATCH = 250

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
  const rule = ruleFor(verb, db.dialect, options)
  const changes: Change[] = []
  for (let start = 0; start < ids.length; start += BATCH) {
    changes.push(...(await changeBatch(db, rule, ids.slice(start, start + BATCH), options)))
  }
  return changes
}

/** Cancels in a transaction of the caller's, where nobody asks what became of each. */
export async function cancelRows(tx: Executor, dialect: Dialect, ids: readonly number[]): Promise<void> {
  for (let start = 0; start < ids.length; start += BATCH) {
    await write(tx, dialect, ruleFor('cancel', dialect, {}), ids.slice(start, start + BATCH))
  }
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
  if (dryRun || chosen.length === 0) return ids.map((id) => withoutWrite(id, before.get(id)))
  // Of two that change the same tasks each is to know which were its own. When the answer to an earlier try was lost, the rows
  // are as asked already, and what was read before the first try has to do.
  const { locked, after } = await again(db.dialect, retrying, (attempt) =>
    db.transaction(async (tx) => {
      const now = await read(tx, db.dialect, rule, chosen, db.dialect.forUpdate)
      await write(tx, db.dialect, rule, chosen)
      // Read back before anybody else can change what was written: a retried task may be claimed at once.
      return { locked: attempt === 0 ? now : before, after: await read(tx, db.dialect, rule, ids) }
    }),
  )
  return ids.map((id) => changeOf(id, locked.get(id) ?? before.get(id), after.get(id)))
}

function withoutWrite(id: number, row: Judged | undefined): Change {
  if (row === undefined) return { id, kind: 'missing' }
  if (row.isFor) return { id, kind: 'changed', from: row.present, now: row.result }
  return { id, kind: row.isSo ? 'already' : 'refused', now: row.present }
}

function changeOf(id: number, before: Judged | undefined, after: Judged | undefined): Change {
  if (before === undefined || after === undefined) return { id, kind: 'missing' }
  if (before.isSo) return { id, kind: 'already', now: before.present }
  return before.isFor && after.isSo
    ? { id, kind: 'changed', from: before.present, now: after.present }
    : { id, kind: 'refused', now: after.present }
}

/** MySQL assigns from left to right and lets an expression see what stands before it: the state is written last. */
async function write(db: Executor, dialect: Dialect, rule: Rule, ids: readonly number[]): Promise<void> {
  const all = padded(ids)
  await db.run(
    `UPDATE queue ${dialect.byPrimaryKey}
        SET ${[...rule.writes, `held_for = ${rule.heldFor}`, `mtime = ${dialect.now}`, `status = ${rule.becomes}`].join(',\n            ')}
      WHERE id IN (${marks(all.length)})
        AND ${rule.isFor}`,
    [...all, ...rule.values],
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
  is_moving: number
  is_expired: number
  shard_key: string | null
}

async function read(
  db: Executor,
  dialect: Dialect,
  rule: Rule,
  ids: readonly number[],
  lock = '',
): Promise<ReadonlyMap<number, Judged>> {
  const all = padded(ids)
  const rows = await db.all<JudgedRow>(
    `SELECT id, status, shard_key, ${rule.becomes} AS becomes,
            CASE WHEN ${rule.isFor} THEN 1 ELSE 0 END AS is_for,
            CASE WHEN ${rule.isSo} THEN 1 ELSE 0 END AS is_so,
            CASE WHEN status = 2 AND cancel_at IS NOT NULL THEN 1 ELSE 0 END AS is_cancelling,
            CASE WHEN ${IS_MOVING} THEN 1 ELSE 0 END AS is_moving,
            CASE WHEN expires_at <= ${dialect.now} THEN 1 ELSE 0 END AS is_expired
       FROM queue ${dialect.byPrimaryKey}
      WHERE id IN (${marks(all.length)}) ${lock}`,
    [...rule.values, ...all],
  )
  return new Map(rows.map((row) => [Number(row.id), judged(row)]))
}

function judged(row: JudgedRow): Judged {
  const present: Present = {
    state: statusName(Number(row.status)),
    cancelling: Number(row.is_cancelling) === 1,
    expired: Number(row.is_expired) === 1,
    ...(Number(row.is_moving) === 1 && { moving: true }),
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
