/**
 * From how an attempt ended to what is logged and what is booked.
 */
import type { DayLog } from '../log/day-log.ts'
import type { EventName, Fields } from '../log/event.ts'
import { CRASH_LIMIT } from '../queue/crash-policy.ts'
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import type { Finish, NextState, OutputPlace } from '../queue/store/finish.ts'
import { formatDuration } from '../time/duration.ts'
import type { AttemptResult } from './attempt.ts'
import { crashesAfter, isQuarantined, maxAttempts, nextState, type Terms } from './next-state.ts'
import { describeOutcome, type Outcome } from './outcome.ts'
import type { Output } from './slot-files.ts'

const ERROR_BYTES = 1_024

/** The row to write for an attempt, without the place of its output. */
export function finishOf(task: ClaimedTask, workerId: number, result: AttemptResult, terms: Terms): Finish {
  const { outcome } = result
  return {
    id: task.id,
    queue: task.queue,
    task: task.task,
    claimToken: task.claimToken,
    attempt: task.attempt,
    workerId,
    next: nextState(outcome, task, terms),
    outcome: outcome.kind,
    exitCode: result.exitCode,
    exitSignal: outcome.kind === 'signal' ? outcome.signal : null,
    error:
      outcome.kind === 'ok'
        ? null
        : errorText(reasonOf(task, outcome), hasSaidWhy(outcome) ? undefined : result.output),
    output: null,
    cpuMs: result.cpuMs,
    ranMs: Math.round(result.ranMs),
    endedAt: result.endedAt,
    crashes: crashesAfter(outcome, task),
  }
}

function reasonOf(task: ClaimedTask, outcome: Outcome): string {
  const reason = describeOutcome(outcome)
  return isQuarantined(outcome, task) ? `quarantined, ${CRASH_LIMIT} crashes or signals in a row: ${reason}` : reason
}

/** Then the end of what it printed tells no more. */
function hasSaidWhy(outcome: Outcome): boolean {
  return outcome.kind === 'misanswered' || (outcome.kind === 'exit' && outcome.error !== undefined)
}

const EVENTS = {
  done: 'task-done',
  failed: 'task-failed',
  again: 'task-retry',
  held: 'task-held',
  cancelled: 'task-cancelled',
} as const satisfies Record<NextState['kind'], EventName>

/**
 * Writes an attempt's line, with its output behind it, into the day's log.
 *
 * @throws Complaint when the log cannot be written; the output then stays where it was
 */
export function logAttempt(
  log: DayLog,
  task: ClaimedTask,
  result: AttemptResult,
  finish: Finish,
  { retry }: Terms,
): OutputPlace | null {
  const event = EVENTS[finish.next.kind]
  const fields: Fields = {
    id: task.id,
    task: task.task,
    queue: task.queue,
    attempt: `${task.attempt}/${maxAttempts(task, retry)}`,
    ms: finish.ranMs,
    cpu: result.cpuMs,
    ...(finish.next.kind === 'done' ? {} : { reason: reasonOf(task, result.outcome), next: when(finish.next) }),
  }
  const { output } = result
  switch (output.kind) {
    case 'none':
      log.eventSoon(event, fields)
      return null
    case 'bytes':
      return log.eventWithOutput(event, fields, output.bytes)
    case 'file': {
      const place = log.eventWithFile(event, fields, output.path, `task-${task.id}.${task.attempt}`, output.length)
      return { ...place, offset: output.offset }
    }
  }
}

/** Puts the output of an attempt into the log whose line is there already, or could not be written. */
export function logOutput(
  log: DayLog,
  { id, attempt }: { readonly id: number; readonly attempt: number },
  output: Output,
): OutputPlace | null {
  switch (output.kind) {
    case 'none':
      return null
    case 'bytes':
      return log.eventWithOutput('task-output', { id, attempt }, output.bytes)
    case 'file': {
      const name = `task-${id}.${attempt}`
      const place = log.eventWithFile('task-output', { id, attempt }, output.path, name, output.length)
      return { ...place, offset: output.offset }
    }
  }
}

function when(next: NextState): string | undefined {
  return next.kind === 'again' ? `in ${formatDuration(next.delayMs)}` : undefined
}

/** The reason and the end of what the program wrote, together at most 1 KiB, cut at a character. */
function errorText(reason: string, output: Output | undefined): string {
  const tail = output?.kind === 'bytes' ? output.bytes : output?.kind === 'file' ? output.tail : Buffer.alloc(0)
  const room = ERROR_BYTES - Buffer.byteLength(reason) - 2
  if (room <= 0) return firstBytes(reason.replaceAll('\0', ''), ERROR_BYTES)
  const end = characterBoundary(tail, Math.max(0, tail.length - room))
  const text = tail.subarray(end).toString('utf8').replaceAll('\0', '').trim()
  return text === '' ? reason : `${reason}: ${text}`
}

function firstBytes(text: string, count: number): string {
  const bytes = Buffer.from(text)
  let end = Math.min(count, bytes.length)
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end).toString()
}

/** The first byte at or behind `from` that begins a UTF-8 character. */
function characterBoundary(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) at++
  return at
}
