/**
 * What cancel, hold, release and retry share: doing it, and telling what became of each task.
 *
 *     3 cancelled, 1 being stopped, 1 already cancelled, 2 not: 17 is done; there is no task 99
 */
import type { Driver } from '../queue/driver.ts'
import { type Change, changeTasks, type Present, type Verb } from '../queue/store/change.ts'
import { idsText, rangeText, type TaskIds } from './task-ids.ts'

export interface ChangeRequest {
  readonly ids: TaskIds
  readonly dryRun: boolean
  readonly print: 'text' | 'json'
}

export interface ChangeReport {
  /** What to print. */
  readonly text: string
  /** Every task is as asked now, whether it was changed or had been so before. */
  readonly allSo: boolean
}

/** The words of one verb. */
export interface VerbWords {
  readonly verb: Verb
  /** What a task is once it was changed: `cancelled`, `held`. */
  readonly done: (now: Present) => string
  /** What to do instead, where a task is not changed and its state does not say it all. */
  readonly hint: (now: Present) => string | undefined
  /** A sentence about what follows from the changes; undefined when there is nothing to say. */
  readonly note?: (changed: readonly Present[]) => string | undefined
}

const PATIENCE_MS = 30_000

export async function runChange(
  db: Driver,
  words: VerbWords,
  { ids, dryRun, print }: ChangeRequest,
  dropExpiry = false,
): Promise<ChangeReport> {
  const changes = await changeTasks(db, words.verb, ids.all, { dryRun, dropExpiry, patienceMs: PATIENCE_MS })
  const told = changes.filter((change) => change.kind !== 'missing' || ids.named.has(change.id))
  const present = new Set(changes.filter(({ kind }) => kind !== 'missing').map(({ id }) => id))
  const empty = ids.ranges.filter(({ from, to }) => !hasOne(present, from, to)).map(rangeText)
  return {
    text: print === 'json' ? asJson(told, empty, words, dryRun) : asText(told, empty, words, dryRun),
    allSo: empty.length === 0 && told.every(({ kind }) => kind === 'changed' || kind === 'already'),
  }
}

function hasOne(ids: ReadonlySet<number>, from: number, to: number): boolean {
  for (let id = from; id <= to; id++) if (ids.has(id)) return true
  return false
}

/** One object per task, and one for each range in which there is none. */
function asJson(changes: readonly Change[], empty: readonly string[], words: VerbWords, dryRun: boolean): string {
  const facts = [
    ...changes.map((change) => ({ id: change.id, ...factsOf(change, words) })),
    ...empty.map((ids) => ({ ids, result: 'missing', reason: 'there is no such task' })),
  ]
  return facts.map((fact) => `${JSON.stringify(dryRun ? { dryRun, ...fact } : fact)}\n`).join('')
}

function factsOf(change: Change, words: VerbWords) {
  if (change.kind === 'missing') return { result: change.kind, reason: 'there is no such task' }
  const { state, cancelling } = change.now
  return {
    result: change.kind,
    ...(change.kind === 'changed' && { from: change.from.state }),
    state,
    ...(cancelling && { cancelling }),
    ...(change.kind === 'refused' && { reason: withHint(`it ${reasonOf(change.now, words).one}`, change.now, words) }),
  }
}

function asText(changes: readonly Change[], empty: readonly string[], words: VerbWords, dryRun: boolean): string {
  const changed = changes.filter(({ kind }) => kind === 'changed') as Extract<Change, { kind: 'changed' }>[]
  const already = changes.filter(({ kind }) => kind === 'already') as Extract<Change, { kind: 'already' }>[]
  const parts = [
    ...counted(changed.map(({ now }) => words.done(now))),
    ...counted(already.map(({ now }) => `already ${now.cancelling ? 'being stopped' : now.state}`)),
  ]
  const reasons = refusals(changes, empty, words)
  const refused = changes.length - changed.length - already.length + empty.length
  if (reasons.length > 0) parts.push(`${refused} not: ${reasons.join('; ')}`)
  const note = words.note?.(changed.map(({ now }) => now))
  const line = `${parts.join(', ')}\n`
  return `${dryRun ? `Nothing was changed. Without --dry-run: ${line}` : line}${note === undefined ? '' : `${note}\n`}`
}

/** `2 cancelled`, `1 being stopped`: how often each stands there. */
function counted(texts: readonly string[]): string[] {
  return [...Map.groupBy(texts, (text) => text)].map(([text, all]) => `${all.length} ${text}`)
}

/** One clause for each reason: `17, 20-22 are done`. */
function refusals(changes: readonly Change[], empty: readonly string[], words: VerbWords): string[] {
  const refused = changes.filter(({ kind }) => kind === 'refused') as Extract<Change, { kind: 'refused' }>[]
  const byReason = Map.groupBy(refused, ({ now }) => reasonOf(now, words).one)
  const clauses = [...byReason.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { one, many } = reasonOf(first.now, words)
    return withHint(`${idsText(group.map(({ id }) => id))} ${group.length === 1 ? one : many}`, first.now, words)
  })
  const missing = changes.filter(({ kind }) => kind === 'missing').map(({ id }) => id)
  const nowhere = [...(missing.length === 0 ? [] : [idsText(missing)]), ...empty]
  return nowhere.length === 0 ? clauses : [...clauses, `there is no task ${nowhere.join(', ')}`]
}

function withHint(clause: string, now: Present, words: VerbWords): string {
  const hint = words.hint(now)
  return hint === undefined ? clause : `${clause} (${hint})`
}

interface Reason {
  readonly one: string
  readonly many: string
}

/** Why a task was not changed: its state, or that it has expired where only that is in the way. */
function reasonOf({ state, cancelling, expired }: Present, { verb }: VerbWords): Reason {
  if (verb === 'retry' && expired && !['running', 'held'].includes(state))
    return { one: 'has expired', many: 'have expired' }
  if (state === 'failed') return { one: 'has failed', many: 'have failed' }
  const text = cancelling ? 'being stopped' : state
  return { one: `is ${text}`, many: `are ${text}` }
}
