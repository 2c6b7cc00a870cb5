/**
 * What is to be told of the jobs of a schedule: noted in the database first, so that one tick tells it, then told.
 *
 * A message that was not taken, or whose tick died, stands in the database and is told by a later tick.
 */
import type { Driver } from '../../queue/driver.ts'
import { changeIncident, dueSince, incidentTexts, lastWell } from '../../queue/store/incident.ts'
import type { PlannedJob } from '../language/plan.ts'
import {
  type About,
  afterEnding,
  afterSilence,
  afterTelling,
  begun,
  type Channel,
  dueMessages,
  type Incident,
  type Notify,
  type Pending,
  type RunEnding,
  WELL,
} from './incident.ts'
import type { Surroundings } from './notify.ts'

export interface IncidentContext extends Surroundings {
  readonly host: string
  /** UTC milliseconds. */
  readonly now: number
  /** How long a channel may take. */
  readonly limitMs?: number
}

export interface Settled {
  /** Messages that every channel has taken. */
  readonly sent: number
  /** What was not taken, a sentence each; it is tried again. */
  readonly problems: readonly string[]
}

export interface SilentJob {
  readonly job: PlannedJob
  /** When it last went well: UTC milliseconds. */
  readonly since: number
}

type NotifyingJob = PlannedJob & { readonly notify: Notify }

/** Another tick may change an incident between our look and our write. */
const TRIES = 10
/** Nothing is begun to be told after this long: another tick believes us at it for not much longer. */
const TELLING_MS = 15_000

/** @param jobs  all whose ledger is in this database */
export async function settleIncidents(
  db: Driver,
  endings: readonly RunEnding[],
  jobs: readonly PlannedJob[],
  context: IncidentContext,
): Promise<Settled> {
  const notifying = jobs.filter(isNotifying)
  if (notifying.length === 0) return { sent: 0, problems: [] }
  const texts = await incidentTexts(db)
  for (const job of jobs.filter((job) => !isNotifying(job))) await forget(db, texts, nameOf(job, context.host))
  const well = notifying.filter((job) => incidentOf(texts.get(nameOf(job, context.host))).open === undefined)
  const silent = await silentJobs(db, well, context)
  const told: Promise<Settled>[] = []
  for (const job of notifying) {
    const name = nameOf(job, context.host)
    const own = endings.filter((ending) => ending.job === job.id)
    const since = own.length > 0 ? undefined : silent.find((one) => one.job.id === job.id)?.since
    if (own.length === 0 && since === undefined && !texts.has(name)) continue
    const due = await note(db, name, texts.get(name), job, own, since, context)
    if (due.length > 0) told.push(tell(db, name, job, due, context))
  }
  const all = await Promise.all(told)
  return { sent: all.reduce((sum, { sent }) => sum + sent, 0), problems: all.flatMap(({ problems }) => problems) }
}

/** Jobs that have not gone well for as long as their `silence` allows; a pause begins that time anew. */
export async function silentJobs(
  db: Driver,
  jobs: readonly PlannedJob[],
  { host, now }: Pick<IncidentContext, 'host' | 'now'>,
): Promise<SilentJob[]> {
  const watched = jobs.filter(({ notify, always, paused }) => notify?.silenceMs !== undefined && !always && !paused)
  const last = await lastWell(
    db,
    watched.map(({ id, work, hosts }) => ({
      job: id,
      kind: work.kind,
      place: hosts === 'each' && work.kind === 'enqueue' ? host : undefined,
    })),
  )
  const isOver = (job: PlannedJob, since: number) => since < now - (job.notify?.silenceMs ?? 0)
  const perhaps = watched.filter((job) => isOver(job, last.get(job.id) ?? 0))
  const due = await dueSince(
    db,
    perhaps.map(({ id }) => id),
  )
  return perhaps.flatMap((job) => {
    const since = Math.max(last.get(job.id) ?? 0, due.get(job.id) ?? 0)
    return since > 0 && isOver(job, since) ? { job, since } : []
  })
}

/** Writes what has happened. @returns what this tick is to tell */
async function note(
  db: Driver,
  name: string,
  seen: string | undefined,
  job: NotifyingJob,
  endings: readonly RunEnding[],
  silentSince: number | undefined,
  { host, now }: IncidentContext,
): Promise<readonly Pending[]> {
  const about: About = { host, now, notify: job.notify, timezone: job.timezone }
  let text = seen
  for (let tries = 0; tries < TRIES; tries++) {
    let incident = endings.reduce((before, ending) => afterEnding(before, ending, about), incidentOf(text))
    if (silentSince !== undefined) incident = afterSilence(incident, job.id, silentSince, about)
    const due = dueMessages(incident, now)
    if (due.length > 0) incident = begun(incident, now)
    const next = textOf(incident)
    if (next === text || (await changeIncident(db, name, text, next))) return due
    text = (await incidentTexts(db)).get(name)
  }
  throw new Error(`The incident of ${name} changes without end`)
}

/** Tells a job's messages, by all channels at once, to each in their order: one that takes no message is not told a later one. */
async function tell(
  db: Driver,
  name: string,
  job: NotifyingJob,
  due: readonly Pending[],
  context: IncidentContext,
): Promise<Settled> {
  const { deliver } = await import('./notify.ts')
  const results: Pending[] = []
  const problems: string[] = []
  const blocked = new Set<Channel>()
  const endsAt = performance.now() + TELLING_MS
  for (const pending of due) {
    const open = performance.now() < endsAt ? pending.left.filter((channel) => !blocked.has(channel)) : []
    const deliveries = await deliver({ ...pending, left: open }, job.notify, context, context.limitMs)
    for (const { channel, problem } of deliveries) {
      if (problem === undefined) continue
      blocked.add(channel)
      problems.push(sentenceOf(job, pending, problem, context.now))
    }
    const taken = deliveries.filter(({ problem }) => problem === undefined).map(({ channel }) => channel)
    results.push({ ...pending, left: pending.left.filter((channel) => !taken.includes(channel)) })
  }
  await noteTold(db, name, results, context.now)
  return { sent: results.filter(({ left }) => left.length === 0).length, problems }
}

async function noteTold(db: Driver, name: string, results: readonly Pending[], now: number): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const text = (await incidentTexts(db)).get(name)
    if (text === undefined) return
    const left = afterTelling(incidentOf(text), results, now)
    if (await changeIncident(db, name, text, left === undefined ? undefined : textOf(left))) return
  }
}

function sentenceOf({ id }: PlannedJob, { message, until }: Pending, problem: string, now: number): string {
  const next = until > now ? 'It is tried again in the next minute.' : 'It is given up.'
  return `The ${message.event} of the job "${id}" could not be told: ${problem}. ${next}`
}

/** Nobody wants to hear of the job any more. */
async function forget(db: Driver, texts: ReadonlyMap<string, string>, name: string): Promise<void> {
  const text = texts.get(name)
  if (text !== undefined) await changeIncident(db, name, text, undefined)
}

function isNotifying(job: PlannedJob): job is NotifyingJob {
  return job.notify !== undefined
}

/** A job that every host runs fails on each for itself. */
function nameOf({ id, hosts }: PlannedJob, host: string): string {
  return hosts === 'each' ? `${id}@${host}` : id
}

/** A row edited by hand may hold anything: what cannot be read counts as nothing. */
export function incidentOf(text: string | undefined): Incident {
  if (text === undefined) return WELL
  try {
    const { open, pending, triedAt } = JSON.parse(text) as Incident
    return Array.isArray(pending) ? { open, pending, triedAt } : WELL
  } catch {
    return WELL
  }
}

function textOf(incident: Incident): string | undefined {
  const { open, pending, triedAt } = incident
  return open === undefined && pending.length === 0 ? undefined : JSON.stringify({ open, pending, triedAt })
}
