/**
 * Incidents: which messages are due when a job fails, works again, or is silent. Pure: from what was known and what ended.
 *
 * An incident begins with the first failure, or with silence, and ends with the next run that goes well. Each of the two is
 * told once, however often the job fails in between. A message is kept until every channel has taken it.
 */
import { slotText } from '../../queue/exec-queue.ts'
import { minuteOf } from '../../time/minute.ts'
import type { PlannedJob } from '../language/plan.ts'
import { incidentSentence } from './incident-words.ts'

export type Notify = NonNullable<PlannedJob['notify']>

export type IncidentEvent = 'failure' | 'recovery' | 'silence'
export type Channel = 'command' | 'url'

/** How something that a job was due for has ended. */
export interface RunEnding {
  readonly job: string
  /** UTC milliseconds. */
  readonly slotAt: number
  /** Where it was started, when that was elsewhere. */
  readonly host?: string | undefined
  /** `not-started`: a function of the schedule failed, or the system did not start it. */
  readonly outcome: 'done' | 'failed' | 'cancelled' | 'unknown' | 'not-started'
  readonly exitCode: number | null
  readonly exitSignal: string | null
  readonly attempts: number
  /** Why, and the end of what it printed. */
  readonly error: string | null
}

/** What a command finds on its standard input, and an address in the body of a POST. */
export interface Message {
  readonly event: IncidentEvent
  readonly job: string
  readonly host: string
  /** The slot that it is about; of a silence, the present minute. ISO 8601 in UTC. */
  readonly slot: string
  readonly outcome: RunEnding['outcome'] | null
  readonly exitCode: number | null
  readonly exitSignal: string | null
  readonly attempts: number
  readonly error: string | null
  /** Since when: the slot of the first failure, or the last time that it went well. ISO 8601 in UTC. */
  readonly since: string
  /** All of it as one sentence for a person. */
  readonly text: string
}

export interface Pending {
  readonly message: Message
  /** Those that have not taken it. */
  readonly left: readonly Channel[]
  /** UTC milliseconds; then it is given up. */
  readonly until: number
}

/** What is remembered of a job where not all is well, or not all is told. */
export interface Incident {
  /** Undefined when the job works again. */
  readonly open?: { readonly event: 'failure' | 'silence'; readonly since: number } | undefined
  /** To be told, in this order. */
  readonly pending: readonly Pending[]
  /** When a tick last began to tell: UTC milliseconds. */
  readonly triedAt: number
}

/** What a message is made with. */
export interface About {
  /** Where it ran, or was noticed. */
  readonly host: string
  /** UTC milliseconds. */
  readonly now: number
  readonly notify: Notify
  /** Whose clock the sentence for a person goes by. */
  readonly timezone: string
}

export const WELL: Incident = { pending: [], triedAt: 0 }

/** How long a message that nobody takes is offered again. */
const OFFERED_MS = 3_600_000
/** Another tick may be telling it at this moment: a channel has less time than this. */
const TELLING_MS = 30_000
const MOST_PENDING = 10

/** What a run that ended makes of an incident. */
export function afterEnding(incident: Incident, ending: RunEnding, about: About): Incident {
  const { outcome, slotAt } = ending
  if (outcome === 'done' && incident.open !== undefined) {
    return { ...told(incident, 'recovery', ending, incident.open.since, about), open: undefined }
  }
  if ((outcome === 'failed' || outcome === 'not-started') && incident.open === undefined) {
    return { ...told(incident, 'failure', ending, slotAt, about), open: { event: 'failure', since: slotAt } }
  }
  return incident
}

/** @param since  when the job last went well: UTC milliseconds */
export function afterSilence(incident: Incident, job: string, since: number, about: About): Incident {
  if (incident.open !== undefined) return incident
  const nothing = { exitCode: null, exitSignal: null, attempts: 0, error: null }
  const slotAt = minuteOf(about.now)
  return {
    ...told(incident, 'silence', { ...nothing, job, slotAt, outcome: null }, since, about),
    open: { event: 'silence', since },
  }
}

function told(
  incident: Incident,
  event: IncidentEvent,
  { job, slotAt, ...facts }: Omit<RunEnding, 'outcome'> & Pick<Message, 'outcome'>,
  since: number,
  about: About,
): Incident {
  const { now, notify, timezone } = about
  const { host = about.host, outcome, exitCode, exitSignal, attempts, error } = facts
  const text = incidentSentence({ event, job, slotAt, since, ...facts, host }, { now, timezone })
  const result = { outcome, exitCode, exitSignal, attempts, error }
  const message: Message = { event, job, host, slot: slotText(slotAt), ...result, since: slotText(since), text }
  const pending = [...incident.pending, { message, left: channelsOf(notify), until: now + OFFERED_MS }]
  return { ...incident, pending: pending.slice(-MOST_PENDING) }
}

/** The messages that this tick may tell now; none while another is at it. */
export function dueMessages({ pending, triedAt }: Incident, now: number): readonly Pending[] {
  return Math.abs(now - triedAt) < TELLING_MS ? [] : pending
}

/** A tick is about to tell what is due. */
export function begun(incident: Incident, now: number): Incident {
  return { ...incident, triedAt: now }
}

/** What is left when these messages were told as far as channels took them: undefined when all is well, and all told. */
export function afterTelling(incident: Incident, results: readonly Pending[], now: number): Incident | undefined {
  const pending = incident.pending
    .map((one) => results.find(({ message }) => isSame(message, one.message)) ?? one)
    .filter(({ left, until }) => left.length > 0 && until > now)
  if (pending.length === 0 && incident.open === undefined) return undefined
  return { ...incident, pending, triedAt: pending.length === 0 ? 0 : now }
}

function channelsOf({ command, url }: Notify): Channel[] {
  return [...(command === undefined ? [] : (['command'] as const)), ...(url === undefined ? [] : (['url'] as const))]
}

function isSame(a: Message, b: Message): boolean {
  return a.event === b.event && a.slot === b.slot && a.since === b.since
}
