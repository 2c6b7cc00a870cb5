/**
 * What to do about a slot of a job: a decision, with its reason, and nothing done about it.
 *
 * The questions are asked in the order in which a person would: may the job run at all, is it still time, is there
 * anything to do, is there room for it, and at last whatever the schedule's own function says. The first no is the answer.
 */
import { BUCKETS } from '../../queue/bucket.ts'
import { checkNewTask, type NewTask, type TaskRow } from '../../queue/new-task.ts'
import { queuePauseReason } from '../../queue/pause-words.ts'
import type { JobSeatHolder } from '../../queue/store/seat.ts'
import type { Cause, Verdict } from '../../queue/store/slot.ts'
import { formatDuration } from '../../time/duration.ts'
import type { PlannedJob, Work } from '../language/plan.ts'
import { showValue } from '../language/show-value.ts'
import { stopReason } from '../stop/stop-words.ts'
import type { Asker } from './ask-job.ts'
import type { Facts } from './facts.ts'
import type { DueSlot } from './look-back.ts'
import { named, oldWorkers } from './old-workers.ts'
import { stopTime } from './stop-time.ts'

export type Decision =
  /** `lasts`: nobody can start it now, also not by force. */
  | {
      readonly kind: 'no'
      readonly verdict: Verdict
      readonly reason: string
      readonly trouble?: true
      readonly lasts?: true
    }
  | { readonly kind: 'wait'; readonly cause: Cause; readonly reason: string; readonly leave?: Leave }
  | { readonly kind: 'start'; readonly reason: string; readonly deed: Deed }

/** Workers of the job that are to leave before it can be started. */
export type Leave = (worker: { readonly total: number; readonly perKey?: number | undefined }) => boolean

export type Deed =
  | {
      readonly kind: 'workers'
      readonly total: number
      readonly shards: readonly number[]
      readonly maxTimeMs: number | undefined
    }
  | { readonly kind: 'run'; readonly replaces: boolean; readonly timeoutMs: number | undefined }
  | { readonly kind: 'tasks'; readonly rows: readonly TaskRow[] }

export interface Circumstances {
  readonly facts: Facts
  /** What the functions of the schedule say. */
  readonly ask: Asker
  /** UTC milliseconds. */
  readonly now: number
  /** The latest time that the database holds: UTC milliseconds. */
  readonly latestMs: number
}

type QueueWork = Extract<Work, { kind: 'queue' }>

const MOST_TASKS = 10_000

export async function decide(job: PlannedJob, slot: DueSlot, around: Circumstances): Promise<Decision> {
  const answer = (await mayRun(job, around)) ?? isTooLate(job, slot, around) ?? (await whatToDo(job, slot, around))
  if (answer.kind !== 'start') return answer
  return (
    isLoaded(job, slot, around) ?? (await condition(job, slot, around)) ?? (await withTasks(job, slot, answer, around))
  )
}

async function mayRun(job: PlannedJob, { facts }: Circumstances): Promise<Decision | undefined> {
  if (job.paused !== undefined) return no('paused', job.paused)
  const stop = await facts.stop(job.id)
  if (stop !== undefined) return no(stop.kind === 'pause' ? 'paused' : 'stopped', stopReason(stop, job.timezone))
  const pause = job.work.kind === 'queue' ? await facts.queuePause(job.work.queue) : undefined
  return pause && { ...no('paused', queuePauseReason(pause, job.timezone)), lasts: true }
}

/** A slot that is decided when its workers should leave already is not begun any more. */
function isTooLate(job: PlannedJob, { slotAt }: DueSlot, { now }: Circumstances): Decision | undefined {
  const stopAt = stopTime(job, slotAt)
  return stopAt !== undefined && stopAt <= now ? no('missed', `it is past its stopAt, ${job.stopAt}`) : undefined
}

async function whatToDo(job: PlannedJob, slot: DueSlot, around: Circumstances): Promise<Decision> {
  switch (job.work.kind) {
    case 'queue':
      return workers(job, job.work, slot, around)
    case 'exec':
      return run(job, slot, around)
    case 'enqueue':
      return start('', { kind: 'tasks', rows: [] })
  }
}

/** Only shards that have work are started, and none that a live worker holds. */
async function workers(job: PlannedJob, work: QueueWork, slot: DueSlot, around: Circumstances): Promise<Decision> {
  const { facts } = around
  const holders = await facts.holders(work.queue)
  const own = holders.filter((holder) => holder.job === job.id)
  const total = await shardsOf(job, work, slot, own, around)
  if (typeof total !== 'number') return total
  const ready = await facts.readyBuckets(work.queue)
  const withWork = job.always ? range(total) : shardsOf60(total, ready)
  if (withWork.length === 0) return no('empty', `queue ${work.queue} has nothing ready`)

  const old = oldWorkers(job.id, work.perKey, total, holders)
  if (old !== undefined) return old
  const held = holders.filter((holder) => holder.total === total)
  if (job.overlap === 'replace' && own.length > 0) {
    return { kind: 'wait', cause: 'overlap', reason: `asked to leave: ${named(own)}`, leave: () => true }
  }
  const free = withWork.filter((shard) => !held.some((holder) => holder.shard === shard))
  if (free.length === 0) {
    const reason = `every shard with work is held: ${named(held)}`
    return job.overlap === 'queue' ? { kind: 'wait', cause: 'overlap', reason } : no('overlap', reason)
  }
  const all = total === 1 ? '1 shard' : `${total} shards`
  const some = free.length === total ? all : `${free.length} of ${all}`
  const reason = held.length === 0 ? some : `${some}; held: ${named(held)}`
  const leaveIn = timeLeft(job, slot, around)
  const maxTimeMs = least(work.maxTimeMs, leaveIn)
  return start(reason, { kind: 'workers', total, shards: free, maxTimeMs })
}

/** As many as the job says. What a function says holds when nobody works with another total any more. */
async function shardsOf(
  job: PlannedJob,
  work: QueueWork,
  slot: DueSlot,
  own: readonly JobSeatHolder[],
  { ask }: Circumstances,
): Promise<number | Decision> {
  if (work.shards !== 'function') return work.shards
  const [worker] = own
  if (worker !== undefined) return worker.total
  const answer = await ask(job, 'shards', slot)
  if (answer.kind === 'failed') return trouble(`shards ${answer.reason}`)
  const { value } = answer
  if (typeof value !== 'number' || !Number.isFinite(value)) return trouble(`shards gave ${showValue(value)}, no number`)
  const shards = Math.min(BUCKETS, Math.ceil(value))
  return shards < 1 ? no('condition', `shards gave ${value}`) : shards
}

async function run(job: PlannedJob, slot: DueSlot, around: Circumstances): Promise<Decision> {
  const timeoutMs = least(job.timeoutMs, timeLeft(job, slot, around))
  const deed: Deed = { kind: 'run', replaces: false, timeoutMs }
  const unfinished = await around.facts.runs(job)
  const [first] = unfinished
  if (first === undefined || job.overlap === 'allow') return start('', deed)
  const reason = `task ${first.id} is ${first.state} since an earlier slot`
  if (job.overlap === 'replace') return start(`in place of task ${first.id}`, { ...deed, replaces: true })
  // Slots that are made up for stand behind each other, and so does one run that may wait.
  if (slot.lateMs > 0 && job.catchUp.policy === 'all') return start(`behind task ${first.id}`, deed)
  if (job.overlap === 'skip') return no('overlap', reason)
  const waiting = unfinished.slice(1).find(({ state }) => state === 'ready')
  if (waiting !== undefined) return no('overlap', `${reason}, and task ${waiting.id} waits already`)
  return start(`behind task ${first.id}`, deed)
}

function isLoaded(job: PlannedJob, { lateMs }: DueSlot, { facts }: Circumstances): Decision | undefined {
  if (job.maxLoad === undefined || facts.load <= job.maxLoad) return undefined
  const reason = `the load is ${facts.load.toFixed(2)} a core, and maxLoad is ${job.maxLoad}`
  const mayWait = job.catchUp.policy !== 'none' && lateMs < job.catchUp.withinMs && !job.always
  return mayWait ? { kind: 'wait', cause: 'load', reason } : no('load', reason)
}

async function condition(job: PlannedJob, slot: DueSlot, { ask }: Circumstances): Promise<Decision | undefined> {
  if (!job.onlyIf) return undefined
  const answer = await ask(job, 'onlyIf', slot)
  if (answer.kind === 'failed') return trouble(`onlyIf ${answer.reason}`)
  if (answer.value === true) return undefined
  if (answer.value === false) return no('condition', 'onlyIf said no')
  if (typeof answer.value === 'string') return no('condition', answer.value)
  return trouble(`onlyIf gave ${showValue(answer.value)}, neither true, false nor a reason`)
}

/** What an enqueue job adds is asked for last, when it is sure to be added. */
async function withTasks(
  job: PlannedJob,
  slot: DueSlot,
  decision: Extract<Decision, { kind: 'start' }>,
  { ask, now, latestMs }: Circumstances,
): Promise<Decision> {
  if (decision.deed.kind !== 'tasks') return decision
  const answer = await ask(job, 'enqueue', slot)
  if (answer.kind === 'failed') return trouble(`enqueue ${answer.reason}`)
  const tasks = answer.value
  if (!Array.isArray(tasks)) return trouble(`enqueue gave ${showValue(tasks)}, no list of tasks`)
  if (tasks.length > MOST_TASKS)
    return trouble(`enqueue gave ${tasks.length} tasks. Add at most ${MOST_TASKS.toLocaleString('en')} for a slot`)
  try {
    const rows = tasks.map((task: NewTask) => checkNewTask(task, now, latestMs))
    return start(`${rows.length} ${rows.length === 1 ? 'task' : 'tasks'}`, { kind: 'tasks', rows })
  } catch (error) {
    return trouble(`enqueue gave a task that cannot be added. ${(error as Error).message}`)
  }
}

/** From now until the job's `stopAt`. */
function timeLeft(job: PlannedJob, { slotAt }: DueSlot, { now }: Circumstances): number | undefined {
  const stopAt = stopTime(job, slotAt)
  return stopAt === undefined ? undefined : Math.max(1_000, stopAt - now)
}

/** How a slot ends that has waited in vain. */
export function givenUp(
  cause: Cause | undefined,
  reason: string,
  lateMs: number,
): { verdict: Verdict; reason: string } {
  const verdicts = {
    overlap: 'overlap',
    load: 'load',
    'catch-up': 'missed',
    start: 'failed',
    schedule: 'failed',
  } as const
  return { verdict: verdicts[cause ?? 'start'], reason: `waited ${formatDuration(lateMs)} in vain: ${reason}` }
}

function shardsOf60(total: number, ready: ReadonlySet<number>): number[] {
  return range(total).filter((shard) => range(BUCKETS).some((bucket) => bucket % total === shard && ready.has(bucket)))
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function least(...values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

function no(verdict: Verdict, reason: string): Decision & { kind: 'no' } {
  return { kind: 'no', verdict, reason }
}

function trouble(reason: string): Decision {
  return { kind: 'no', verdict: 'failed', reason, trouble: true }
}

function start(reason: string, deed: Deed): Decision {
  return { kind: 'start', reason, deed }
}
