/**
 * What cancel, hold, release and retry share: doing it, and telling what became of each task.
 *
 *     3 cancelled, 1 being stopped, 1 already cancelled, 2 not: 17 is done; there is no task 99
 */

import type { Driver } from '../../queue/driver.ts'
import { type Change, changeTasks } from '../../queue/store/change.ts'
import { jsonText } from '../json-lines.ts'
import { PATIENCE_MS } from '../patience.ts'
import { idsText, rangeText, type TaskIds } from '../task-ids.ts'
import { type ChangeVerb, changeFacts, reasonOf, withHint } from './change-verb.ts'

export interface ChangeRequest {
  readonly ids: TaskIds
  readonly dryRun: boolean
  /** Retry also what has expired. */
  readonly dropExpiry?: boolean
  readonly print: 'text' | 'json'
}

export interface ChangeReport {
  /** What to print. */
  readonly text: string
  /** Every task is as asked now, whether it was changed or had been so before. */
  readonly allSo: boolean
}

export async function runChange(
  db: Driver,
  verb: ChangeVerb,
  { ids, dryRun, dropExpiry = false, print }: ChangeRequest,
): Promise<ChangeReport> {
  const changes = await changeTasks(db, verb.verb, ids.all, { dryRun, dropExpiry, patienceMs: PATIENCE_MS })
  if (!dryRun) await verb.afterwards?.(db, ids.all, PATIENCE_MS)
  const told = changes.filter((change) => change.kind !== 'missing' || ids.named.has(change.id))
  const present = new Set(changes.filter(({ kind }) => kind !== 'missing').map(({ id }) => id))
  const empty = ids.ranges.filter(({ from, to }) => !hasOne(present, from, to)).map(rangeText)
  return {
    text: print === 'json' ? asJson(told, empty, verb, dryRun) : asText(told, empty, verb, dryRun),
    allSo: empty.length === 0 && told.every(({ kind }) => kind === 'changed' || kind === 'already'),
  }
}

function hasOne(ids: ReadonlySet<number>, from: number, to: number): boolean {
  for (let id = from; id <= to; id++) if (ids.has(id)) return true
  return false
}

/** One object per task, and one for each range in which there is none. */
function asJson(changes: readonly Change[], empty: readonly string[], verb: ChangeVerb, dryRun: boolean): string {
  const facts = [
    ...changes.map((change) => changeFacts(change, verb, dryRun)),
    ...empty.map((ids) => ({ ...(dryRun && { dryRun }), ids, result: 'missing', reason: 'there is no such task' })),
  ]
  return jsonText(facts)
}

function asText(changes: readonly Change[], empty: readonly string[], verb: ChangeVerb, dryRun: boolean): string {
  const changed = changes.filter(({ kind }) => kind === 'changed') as Extract<Change, { kind: 'changed' }>[]
  const already = changes.filter(({ kind }) => kind === 'already') as Extract<Change, { kind: 'already' }>[]
  const parts = [
    ...counted(changed.map(({ now }) => verb.done(now))),
    ...counted(already.map(({ now }) => `already ${now.cancelling ? 'being stopped' : now.state}`)),
  ]
  const reasons = refusals(changes, empty, verb)
  const refused = changes.length - changed.length - already.length + empty.length
  if (reasons.length > 0) parts.push(`${refused} not: ${reasons.join('; ')}`)
  const note = verb.note?.(changed.map(({ now }) => now))
  const line = `${parts.join(', ')}\n`
  return `${dryRun ? `Nothing was changed. Without --dry-run: ${line}` : line}${note === undefined ? '' : `${note}\n`}`
}

/** `2 cancelled`, `1 being stopped`: how often each stands there. */
function counted(texts: readonly string[]): string[] {
  return [...Map.groupBy(texts, (text) => text)].map(([text, all]) => `${all.length} ${text}`)
}

/** One clause for each reason: `17, 20-22 are done`. */
function refusals(changes: readonly Change[], empty: readonly string[], verb: ChangeVerb): string[] {
  const refused = changes.filter(({ kind }) => kind === 'refused') as Extract<Change, { kind: 'refused' }>[]
  const byReason = Map.groupBy(refused, ({ now }) => reasonOf(now, verb).one)
  const clauses = [...byReason.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { one, many } = reasonOf(first.now, verb)
    return withHint(`${idsText(group.map(({ id }) => id))} ${group.length === 1 ? one : many}`, first.now, verb)
  })
  const missing = changes.filter(({ kind }) => kind === 'missing').map(({ id }) => id)
  const nowhere = [...(missing.length === 0 ? [] : [idsText(missing)]), ...empty]
  return nowhere.length === 0 ? clauses : [...clauses, `there is no task ${nowhere.join(', ')}`]
}
