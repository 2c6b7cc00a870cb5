/**
 * A task that is over: how it ended, and why.
 */
import type { PastAttempt, TaskFacts } from '../../queue/store/read-task.ts'
import { formatDuration } from '../../time/duration.ts'
import type { Surroundings } from './evidence.ts'
import type { Case, Explanation, Fact, NextStep } from './explanation.ts'
import { endingWords, known, lastError, line, maxAttempts, nameFact, outputFact, when } from './words.ts'

/** So many attempts are told one by one. */
const MOST_PAST = 5

export function explainFinished(
  task: TaskFacts,
  state: 'done' | 'failed' | 'cancelled',
  around: Surroundings,
): Explanation {
  switch (state) {
    case 'done':
      return explainDone(task, around)
    case 'failed':
      return explainFailed(task, around)
    case 'cancelled':
      return explainCancelled(task, around)
  }
}

function explainDone(task: TaskFacts, around: Surroundings): Explanation {
  const { id, attempts } = task
  if (task.finishedAt === null) return byHand(task, 'done', around)
  const took = tookText(task)
  const how = [`attempt ${attempts}`, ...(took === undefined ? [] : [`took ${took}`])].join(' ')
  return {
    case: 'done',
    sentence: `Task ${id} has run, and is done since ${when(task, around, task.finishedAt)}: ${how}${byWhom(task)}.`,
    facts: [...commonFacts(task, around), ...known(outputFact(task)), ...pastFacts(task, around, MOST_PAST)],
    ...next({ what: 'to run it again', command: `queuectl retry ${id}` }),
  }
}

function explainFailed(task: TaskFacts, around: Surroundings): Explanation {
  const { id, error, expiresAt, now } = task
  const last = task.past.at(-1)
  if (task.finishedAt === null && last === undefined) return byHand(task, 'failed', around)
  const { kind, why } = last === undefined ? untold(task) : failure(task, last)
  const ofAll = kind === 'failed-expired' ? '' : `, at attempt ${attemptOf(task, last, around)}`
  const isExpired = expiresAt !== null && expiresAt <= now
  const isStarted = kind !== 'failed-not-started' && kind !== 'failed-expired'
  const isBlocked = kind === 'failed-not-started' && around.program?.kind === 'unstartable'
  return {
    case: kind,
    sentence: `Task ${id} failed ${when(task, around, task.finishedAt ?? task.changedAt)}${ofAll}: ${why}.`,
    facts: [
      ...commonFacts(task, around),
      ...known(
        ['took', isStarted ? tookText(task) : undefined],
        ['error', isStarted ? lastError(error) : undefined],
        outputFact(task),
        ['program', kind === 'failed-not-started' ? programText(around) : undefined],
      ),
      ...(task.past.length > 1 ? pastFacts(task, around, MOST_PAST) : []),
    ],
    ...next({
      what: isBlocked ? 'once mended' : 'to run it again',
      command: `queuectl retry ${id}${isExpired ? ' --drop-expiry' : ''}`,
    }),
  }
}

function attemptOf(task: TaskFacts, last: PastAttempt | undefined, around: Surroundings): string {
  return `${last?.attempt ?? task.attempts} of ${maxAttempts(task, around)}`
}

function failure(task: TaskFacts, last: PastAttempt): { readonly kind: Case; readonly why: string } {
  const why = endingWords(last)
  if (last.error?.startsWith('quarantined'))
    return {
      kind: 'failed-quarantined',
      why: `it died ${task.crashes} times in a row, and is not tried further (${why})`,
    }
  switch (last.outcome) {
    case 'exit':
      return last.exitCode === 65
        ? { kind: 'failed-never-retry', why: 'its program said never to try it again (exit code 65)' }
        : { kind: 'failed', why }
    case 'signal':
      return { kind: 'failed-signal', why }
    case 'timeout':
      return { kind: 'failed-timeout', why: `it was stopped after ${tookText(last) ?? 'some time'}, its time limit` }
    case 'flood':
      return { kind: 'failed-output', why }
    case 'crashed':
      return { kind: 'failed-crashed', why: `${why}, and its worker's policy is to let it fail then` }
    case 'expired':
      return { kind: 'failed-expired', why }
    case 'unstartable':
      return { kind: 'failed-not-started', why }
    default:
      return { kind: 'failed', why }
  }
}

/** Its attempts have no rows: they were deleted. */
function untold({ exitCode, exitSignal, error }: TaskFacts): { readonly kind: Case; readonly why: string } {
  if (exitSignal !== null) return { kind: 'failed-signal', why: `ended by ${exitSignal}` }
  if (exitCode !== null)
    return { kind: exitCode === 65 ? 'failed-never-retry' : 'failed', why: `exit code ${exitCode}` }
  return { kind: 'failed', why: lastError(error) ?? 'nothing is known of its attempts' }
}

function explainCancelled(task: TaskFacts, around: Surroundings): Explanation {
  const { id, cancelAt, finishedAt, changedAt } = task
  const last = task.past.at(-1)
  const ran = last?.outcome === 'cancelled'
  const how = ran
    ? `while attempt ${last.attempt} ran, which its worker stopped`
    : task.attempts === 0
      ? 'before it was ever started'
      : 'while it waited for another attempt'
  return {
    case: 'cancelled',
    sentence: `Task ${id} was cancelled ${when(task, around, cancelAt ?? finishedAt ?? changedAt)}, ${how}.`,
    facts: [
      ...commonFacts(task, around),
      ...known(['stopped', ran && finishedAt !== null ? when(task, around, finishedAt) : undefined], outputFact(task)),
      ...pastFacts(task, around, MOST_PAST),
    ],
    ...next({ what: 'to run it again', command: `queuectl retry ${id}` }),
  }
}

/** None of ours leaves out when it finished. */
function byHand(task: TaskFacts, state: string, around: Surroundings): Explanation {
  return {
    case: 'status-by-hand',
    sentence: `Task ${task.id} is ${state}, and never ended: somebody wrote that status by hand.`,
    facts: [...commonFacts(task, around), ...known(['changed', when(task, around, task.changedAt)])],
    ...next({ what: 'to run it', command: `queuectl retry ${task.id}` }),
  }
}

function commonFacts(task: TaskFacts, around: Surroundings): Fact[] {
  const { addedAt, startedAt } = task
  return [
    nameFact(task),
    ...known(
      ['added', when(task, around, addedAt)],
      ['started', startedAt === null ? undefined : when(task, around, startedAt)],
    ),
  ]
}

/** The attempts that did not finish it, the last ones. */
export function pastFacts(task: TaskFacts, around: Surroundings, most: number): Fact[] {
  return task.past.slice(-most).map((past): Fact => {
    const at = past.startedAt === null ? '' : `${when(task, around, past.startedAt)}: `
    return [`attempt ${past.attempt}`, `${at}${endingWords(past)}`]
  })
}

function tookText({ startedAt, finishedAt }: Pick<TaskFacts, 'startedAt' | 'finishedAt'>): string | undefined {
  return startedAt === null || finishedAt === null ? undefined : formatDuration(Math.max(0, finishedAt - startedAt))
}

function byWhom({ worker, workerId }: TaskFacts): string {
  if (worker !== null) return ` on ${worker.host}:${worker.pid}`
  return workerId === null ? '' : `, by worker ${workerId}, which has left`
}

function programText({ program }: Surroundings): string | undefined {
  if (program === undefined) return undefined
  return program.kind === 'program' ? `${line(program.path)} is there now` : line(program.reason)
}

function next(step: NextStep): { readonly next: NextStep } {
  return { next: step }
}
