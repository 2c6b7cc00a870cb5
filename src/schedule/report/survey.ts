/**
 * How the schedule stands: which hosts tick, what is at work, what waits, what is kept back, and what is wrong with that.
 */
import type { Driver } from '../../queue/driver.ts'
import { isFinal } from '../../queue/status.ts'
import { incidentTexts } from '../../queue/store/incident.ts'
import { type QueuePause, queuePauses } from '../../queue/store/queue-pause.ts'
import { type LedgerSlot, lastSlots, type OpenSlot, openSlots } from '../../queue/store/read-slot.ts'
import type { Verdict } from '../../queue/store/slot.ts'
import { EVERY, type Stop, stops, type WorkerProcess, workersUnder } from '../../queue/store/stop.ts'
import { type TickRow, tickRows } from '../../queue/store/tick-row.ts'
import { workerDoings } from '../../queue/store/worker-doings.ts'
import { minuteText } from '../../time/time-text.ts'
import { restlessJobs, restlessReason } from '../incident/restless.ts'
import { incidentOf } from '../incident/settle-incidents.ts'
import type { PlannedJob } from '../language/plan.ts'
import { isAtWork } from '../stop/drain-workers.ts'
import { exitWords } from '../tick/exit-words.ts'
import { silenceOf, silenceSentence, silentHosts } from './silence.ts'
import { type WorkerState, withState } from './worker-state.ts'

export interface Survey {
  /** By the database's clock: UTC milliseconds. */
  readonly now: number
  readonly hosts: readonly HostState[]
  readonly workers: readonly WorkerState[]
  /** Runs of commands that have not ended, and slots of queues that another job waits for. */
  readonly underWay: readonly OpenSlot[]
  /** Slots that a tick will decide again. */
  readonly waiting: readonly OpenSlot[]
  readonly stops: readonly Stop[]
  /** Queues and task programs that are paused. */
  readonly queuePauses: readonly QueuePause[]
  /** The last slots of jobs that could not be started then, or whose run failed. */
  readonly failed: readonly LedgerSlot[]
  /** A sentence each. */
  readonly troubles: readonly string[]
}

export interface HostState extends TickRow {
  readonly isSilent: boolean
}

/** Where a job was asked for what it is to do. */
const TRIED: readonly Verdict[] = ['started', 'enqueued', 'empty', 'condition', 'failed']
/** A host that has been silent for longer was taken out of service, as long as another one ticks. */
const GONE_AFTER_MS = 86_400_000

/** @param own  this host's own database, where it has one beside the common one */
export async function survey(db: Driver, own: Driver | undefined, jobs: readonly PlannedJob[]): Promise<Survey> {
  const { ticks, now } = await tickRows(db)
  const silent = silentHosts({ ticks, now })
  const hosts = ticks.map((tick) => ({ ...tick, isSilent: silent.some(({ host }) => host === tick.host) }))
  const open = await openSlots(db)
  const workers = await workersOf(db)
  const failed = await lastFailures(db, jobs)
  const untold = await untoldMessages(db)
  const restless = await restlessJobs(db, jobs)
  const pauses = await queuePauses(db)
  if (own !== undefined) {
    failed.push(...(await lastFailures(own, jobs)))
    untold.push(...(await untoldMessages(own)))
    open.push(...(await openSlots(own)))
    workers.push(...(await workersOf(own)))
    pauses.push(...(await queuePauses(own)))
  }
  const isUnderWay = ({ verdict }: OpenSlot) => verdict === 'started'
  return {
    now,
    hosts: hosts.toSorted((a, b) => (a.host < b.host ? -1 : 1)),
    workers: workers.toSorted(byName),
    underWay: open.filter((slot) => isUnderWay(slot) && !hasEnded(slot)),
    waiting: open.filter((slot) => !isUnderWay(slot)),
    stops: await stops(db),
    queuePauses: pauses,
    failed,
    troubles: [
      ...silences(hosts, now),
      ...differences(hosts),
      ...failed.map((slot) => failure(slot, jobs)),
      ...[...restless].map(
        ([job, starts]) => `Job ${job}: ${restlessReason(starts)}. The log do-queue-….log says why.`,
      ),
      ...untold,
    ],
  }
}

async function workersOf(db: Driver): Promise<WorkerState[]> {
  const workers = (await workersUnder(db, { job: EVERY, host: EVERY })).filter(isAtWork)
  const doings = workers.length === 0 ? new Map() : await workerDoings(db)
  return workers.map((worker) => withState(worker, doings))
}

async function lastFailures(db: Driver, jobs: readonly PlannedJob[]): Promise<LedgerSlot[]> {
  const commands = jobs.filter(({ work }) => work.kind === 'exec').map(({ id }) => id)
  const runs = [...(await lastSlots(db, commands, ['started'])).values()].filter(({ outcome }) => outcome === 'failed')
  const ids = jobs.map(({ id }) => id)
  const untried = [...(await lastSlots(db, ids, TRIED)).values()].filter(({ verdict }) => verdict === 'failed')
  return [...untried, ...runs.filter((run) => !untried.some(({ job }) => job === run.job))]
}

function failure(slot: LedgerSlot, jobs: readonly PlannedJob[]): string {
  const { job, slotAt, verdict, reason, taskId } = slot
  const time = minuteText(jobs.find(({ id }) => id === job)?.timezone ?? 'UTC', slotAt)
  if (verdict === 'failed') return `Job ${job} could not be started for ${time}: ${reason}.`
  const more = taskId === undefined ? '' : `: "queuectl why ${taskId}" tells more`
  return `Job ${job} failed for ${time}${exitWords(slot)}${more}.`
}

/** What the channels of a job's `notify` have not taken yet. */
async function untoldMessages(db: Driver): Promise<string[]> {
  const texts = await incidentTexts(db)
  return [...texts].flatMap(([name, text]) => {
    const { pending } = incidentOf(text)
    return pending.map(({ message, left }) => `The ${message.event} of ${name} is not told yet (${left.join(', ')}).`)
  })
}

function byName(a: WorkerProcess, b: WorkerProcess): number {
  const name = ({ job = '', queue, host }: WorkerProcess) => `${job} ${queue} ${host}`
  return name(a).localeCompare(name(b)) || a.total - b.total || (a.shards[0] ?? 0) - (b.shards[0] ?? 0)
}

/** The next tick closes its slot. */
function hasEnded({ task }: OpenSlot): boolean {
  return task !== undefined && isFinal(task.status)
}

function silences(hosts: readonly HostState[], now: number): string[] {
  if (hosts.length === 0)
    return ['No tick has been seen yet: is the crontab line there? "cron-mission install" writes it.']
  const all = silenceOf({ ticks: hosts, now })
  if (all !== undefined) return [silenceSentence(all)]
  return silentHosts({ ticks: hosts, now })
    .filter(({ silentMs }) => silentMs < GONE_AFTER_MS)
    .map(silenceSentence)
}

/** Hosts that tick by another content of the schedule than the one that ticked last: half of a deploy, mostly. */
function differences(hosts: readonly HostState[]): string[] {
  const ticking = hosts.filter(({ isSilent }) => !isSilent).toSorted((a, b) => b.at - a.at)
  const [newest] = ticking
  const others = ticking.filter(({ plan }) => plan !== newest?.plan).map(({ host }) => host)
  if (newest === undefined || others.length === 0) return []
  return [
    `The schedule of ${newest.host} is another than that of ${others.join(', ')}. Deploy the same one everywhere.`,
  ]
}
