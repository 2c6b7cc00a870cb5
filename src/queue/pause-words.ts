/**
 * How a pause is told: since when, by whom, until when, why, and the command that lifts that of a queue or a task program.
 */
import { minuteText } from '../time/time-text.ts'
import type { QueuePause, QueuePauseKey } from './store/queue-pause.ts'

/** One clause for the ledger, the log and a person: `queue mail is paused since … by …: why; … lifts it`. */
export function queuePauseReason(pause: QueuePause, zone: string): string {
  const why = pause.reason === undefined ? '' : `${pause.reason}; `
  return `${pausedSubject(pause)} is paused ${sinceAndBy(pause, zone)}: ${why}${queueResumeCommand(pause)} lifts it`
}

/** The same as a sentence. */
export function queuePauseSentence(pause: QueuePause, zone: string): string {
  const reason = queuePauseReason(pause, zone)
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`
}

/** `queue mail`, `task program send-msg in queue mail`, `task program send-msg in every queue` */
export function pausedSubject({ queue, task }: QueuePauseKey): string {
  const where = queue === undefined ? 'every queue' : `queue ${queue}`
  return task === undefined ? where : `task program ${task} in ${where}`
}

/** Lifts the pause: `queuectl resume mail`, `queuectl resume --task send-msg`. */
export function queueResumeCommand({ queue, task }: QueuePauseKey): string {
  const program = task === undefined ? [] : ['--task', /^[\w./-]+$/.test(task) ? task : JSON.stringify(task)]
  return ['queuectl resume', ...(queue === undefined ? [] : [queue]), ...program].join(' ')
}

/** `since 2026-11-20 18:04 by root@web-1`; with an end it adds `until 19:00` */
export function sinceAndBy({ since, by, until }: Pick<QueuePause, 'since' | 'by' | 'until'>, zone: string): string {
  const end = until === undefined ? '' : ` until ${untilText(until, since, zone)}`
  return `since ${minuteText(zone, since)} by ${by}${end}`
}

/** Without the day when it is that of `since`. */
function untilText(until: number, since: number, zone: string): string {
  const [day, time] = minuteText(zone, until).split(' ')
  return minuteText(zone, since).startsWith(day ?? '') ? `${time}` : `${day} ${time}`
}
