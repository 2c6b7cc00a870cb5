/**
 * An incident in one sentence, for a person who knows nothing yet.
 */
import { minuteText, roughly } from '../../time/time-text.ts'
import type { Message } from './incident.ts'

export interface Told extends Pick<Message, 'event' | 'job' | 'host' | 'outcome' | 'exitCode' | 'exitSignal'> {
  readonly attempts: number
  readonly error: string | null
  /** UTC milliseconds. */
  readonly slotAt: number
  readonly since: number
}

const LONGEST_REASON = 200

/** @param clock  now, in UTC milliseconds, and whose clock times are told by */
export function incidentSentence(told: Told, clock: { readonly now: number; readonly timezone: string }): string {
  const { event, job, host, slotAt, since, outcome, attempts } = told
  const slot = minuteText(clock.timezone, slotAt)
  const long = roughly(clock.now - since)
  switch (event) {
    case 'failure':
      return outcome === 'not-started'
        ? `Job ${job}, due at ${slot}, could not be started on ${host}: ${reasonOf(told)}.`
        : `Job ${job}, due at ${slot}, failed on ${host}${attempts > 1 ? ` in ${attempts} attempts` : ''}: ${reasonOf(told)}.`
    case 'recovery':
      return `Job ${job}, due at ${slot}, works again on ${host}. It had not gone well since ${minuteText(clock.timezone, since)}, ${long} ago.`
    case 'silence':
      return `Job ${job} has not gone well for ${long}, since ${minuteText(clock.timezone, since)}.`
  }
}

/** How it ended, and the last line of what it printed. */
function reasonOf({ error, exitCode, exitSignal }: Told): string {
  const lines = (error ?? '').split('\n').filter((line) => line.trim() !== '')
  const [first = '', last = ''] = [lines[0], lines.at(-1)]
  const line = (lines.length > 1 ? `${first.split(': ', 1)[0]}: ${last.trim()}` : first.trim()).replace(/\.$/, '')
  if (line !== '') return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line
  if (exitSignal !== null) return `ended by ${exitSignal}`
  return exitCode === null ? 'why is not known' : `exit code ${exitCode}`
}
