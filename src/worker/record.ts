/**
 * From how an attempt ended to what is logged and what is booked.
 */
import type { DayLog } from '../log/day-log.ts'
import type { Fields } from '../log/event.ts'
import type { ClaimedTask } from '../queue/store/claim.ts'
import type { Finish, NextState, OutputPlace } from '../queue/store/finish.ts'
import { formatDuration } from '../time/duration.ts'
import { maxAttempts, nextState } from './next-state.ts'
import { describeOutcome } from './outcome.ts'
import type { AttemptResult } from './slot.ts'
import type { Output } from './slot-files.ts'

const ERROR_BYTES = 1_024

/** The row to write for an attempt, without the place of its output. */
export function finishOf(task: ClaimedTask, workerId: number, result: AttemptResult, defaultRetry: string): Finish {
  const { outcome } = result
  return {
    id: task.id,
    claimToken: task.claimToken,
    attempt: task.attempt,
    workerId,
    next: nextState(outcome, task, defaultRetry),
    outcome: outcome.kind,
    exitCode: result.exitCode,
    exitSignal: outcome.kind === 'signal' ? outcome.signal : null,
    error: outcome.kind === 'ok' ? null : errorText(describeOutcome(outcome), result.output),
    output: null,
    cpuMs: result.cpuMs,
    ranMs: Math.round(result.ranMs),
    endedAt: result.endedAt,
  }
}

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
  defaultRetry: string,
): OutputPlace | null {
  const event = finish.next.kind === 'done' ? 'task-done' : finish.next.kind === 'failed' ? 'task-failed' : 'task-retry'
  const fields: Fields = {
    id: task.id,
    task: task.task,
    queue: task.queue,
    attempt: `${task.attempt}/${maxAttempts(task, defaultRetry)}`,
    ms: finish.ranMs,
    cpu: result.cpuMs,
    ...(finish.next.kind === 'done' ? {} : { reason: describeOutcome(result.outcome), next: when(finish.next) }),
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

function when(next: NextState): string | undefined {
  return next.kind === 'again' ? `in ${formatDuration(next.delayMs)}` : undefined
}

/** The reason and the end of what the program wrote, together at most 1 KiB, cut at a character. */
function errorText(reason: string, output: Output): string {
  const tail = output.kind === 'bytes' ? output.bytes : output.kind === 'file' ? output.tail : Buffer.alloc(0)
  const room = ERROR_BYTES - Buffer.byteLength(reason) - 2
  if (room <= 0) return firstBytes(reason, ERROR_BYTES)
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
