/**
 * How a stop or a pause is told: what is kept back, where, since when, by whom and why, and the command that lifts it.
 */
import { sinceAndBy } from '../../queue/pause-words.ts'
import { EVERY, type Stop, type StopKey, type StopName } from '../../queue/store/stop.ts'

/** One clause for the ledger, the log and a person. */
export function stopReason(stop: Stop, zone: string): string {
  const why = stop.reason === undefined ? '' : `${stop.reason}; `
  return `${pastWord(stop)} ${sinceAndBy(stop, zone)}: ${why}${resumeCommand(stop)} starts it again`
}

/** `stopped`, `paused` */
export function pastWord({ kind }: Pick<Stop, 'kind'>): string {
  return kind === 'pause' ? 'paused' : 'stopped'
}

/** Lifts the stop, on the host that it is about; a pause is lifted from wherever one is. */
export function resumeCommand({ kind, job, host }: StopName): string {
  const allHosts = kind === 'stop' && host === EVERY
  return ['cron-mission resume', ...(job === EVERY ? [] : [job]), ...(allHosts ? ['--all-hosts'] : [])].join(' ')
}

/** `All jobs are`, `Job mail is`: a subject with its verb in the present or the past. */
export function subject({ job }: StopKey, singular: string, plural: string): string {
  return job === EVERY ? `All jobs ${plural}` : `Job ${job} ${singular}`
}

/** `on web-1`, `on all hosts` */
export function place({ host }: StopKey): string {
  return `on ${host === EVERY ? 'all hosts' : host}`
}
