/**
 * A verb that changes tasks: which states it is for, and its words for what became of a task.
 */
import type { Driver } from '../../queue/driver.ts'
import type { StatusName } from '../../queue/status.ts'
import type { Change, Present } from '../../queue/store/change.ts'
import type { Verb } from '../../queue/store/change-rules.ts'

export interface ChangeVerb {
  readonly verb: Verb
  /** In front of a progress bar: `cancelling`. */
  readonly doing: string
  /** The states that a person may select tasks by. */
  readonly isFor: readonly StatusName[]
  /** The states that are meant by a person who names none. */
  readonly usually: readonly StatusName[]
  /** What a task is once it was changed: `cancelled`, `held`. */
  readonly done: (now: Present) => string
  /** What to do instead, where a task is not changed and its state does not say it all. */
  readonly hint: (now: Present) => string | undefined
  /** A sentence about what follows from the changes; undefined when there is nothing to say. */
  readonly note?: (changed: readonly Present[]) => string | undefined
  /** What is to be done besides for tasks that were changed. */
  readonly afterwards?: (db: Driver, ids: readonly number[], patienceMs: number) => Promise<void>
}

/** One task, as `--json` tells of it. */
export function changeFacts(change: Change, verb: ChangeVerb, dryRun: boolean) {
  return { ...(dryRun && { dryRun }), id: change.id, ...factsOf(change, verb) }
}

function factsOf(change: Change, verb: ChangeVerb) {
  if (change.kind === 'missing') return { result: change.kind, reason: 'there is no such task' }
  const { state, cancelling } = change.now
  return {
    result: change.kind,
    ...(change.kind === 'changed' && { from: change.from.state }),
    state,
    ...(cancelling && { cancelling }),
    ...(change.kind === 'refused' && { reason: withHint(`it ${reasonOf(change.now, verb).one}`, change.now, verb) }),
  }
}

export interface Reason {
  readonly one: string
  readonly many: string
}

/** Why a task was not changed: its state, or that it has expired where only that is in the way. */
export function reasonOf({ state, cancelling, expired, moving }: Present, { verb }: ChangeVerb): Reason {
  if (moving) return { one: 'is being moved to another database', many: 'are being moved to another database' }
  if (verb === 'retry' && expired && !['running', 'held'].includes(state))
    return { one: 'has expired', many: 'have expired' }
  if (state === 'failed') return { one: 'has failed', many: 'have failed' }
  const text = cancelling ? 'being stopped' : state
  return { one: `is ${text}`, many: `are ${text}` }
}

export function withHint(clause: string, now: Present, verb: ChangeVerb): string {
  const hint = now.moving ? '"queuectl move --to-url … --back" lets go what is here' : verb.hint(now)
  return hint === undefined ? clause : `${clause} (${hint})`
}
