/**
 * How a stop is told: what is stopped, where, since when and by whom, and the command that lifts it.
 */
import { EVERY, type Stop, type StopKey } from '../../queue/store/stop.ts'
import { localTime } from '../../time/zone.ts'

/** One clause for the ledger, the log and a person. */
export function stopReason(stop: Stop, zone: string): string {
  return `stopped ${sinceAndBy(stop, zone)}: ${resumeCommand(stop)} starts it again`
}

/** `since 2026-11-20 18:04 by root@web-1` */
export function sinceAndBy({ since, by }: Stop, zone: string): string {
  return `since ${localTime(zone, since).slice(0, 16).replace('T', ' ')} by ${by}`
}

/** Lifts the stop, on the host that it is about. */
export function resumeCommand({ job, host }: StopKey): string {
  return ['cron-mission resume', ...(job === EVERY ? [] : [job]), ...(host === EVERY ? ['--all-hosts'] : [])].join(' ')
}

/** `All jobs are`, `Job mail is`: a subject with its verb in the present or the past. */
export function subject({ job }: StopKey, singular: string, plural: string): string {
  return job === EVERY ? `All jobs ${plural}` : `Job ${job} ${singular}`
}

/** `on web-1`, `on all hosts` */
export function place({ host }: StopKey): string {
  return `on ${host === EVERY ? 'all hosts' : host}`
}
