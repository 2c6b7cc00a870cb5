/**
 * Replacing workers by new ones, a step after the other, so that each shard has always somebody.
 *
 * The new worker is started first. When it is ready it asks the old one itself to hand over (`take-over.ts`), and takes the
 * seat: whoever started it may be killed meanwhile. The first step that does not come off is the last one.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { again } from '../../queue/again.ts'
import type { Driver } from '../../queue/driver.ts'
import type { ProcessIdentity } from '../../queue/store/seat.ts'
import { EVERY, type WorkerProcess, workersUnder } from '../../queue/store/stop.ts'
import { LaunchError, type Launched } from '../tick/launch.ts'
import { ask, isAtWork } from './drain-workers.ts'
import type { RestartStep } from './restart-steps.ts'

export interface RestartOptions {
  /** How many steps are under way at the same time. */
  readonly atOnce: number
  /** For each step. */
  readonly timeoutMs: number
  /** Begins no other step. */
  readonly signal: AbortSignal
  /** Starts the workers that are to come; those of another host are started there. @throws LaunchError */
  readonly launch: (step: RestartStep) => Promise<readonly Launched[]>
  readonly onStep: (done: StepEnd) => void
}

export interface StepEnd {
  readonly step: RestartStep
  readonly kind: 'replaced' | 'failed' | 'late'
  /** Those that have the shards now. */
  readonly fresh: readonly WorkerProcess[]
  /** Those that were to leave and have not. */
  readonly notLeft: readonly WorkerProcess[]
  /** Of the new ones that have ended without a seat: pid and exit code. */
  readonly ended: readonly (readonly [pid: number, code: number])[]
  /** The system could not start them. */
  readonly reason?: string
  readonly ms: number
}

const LOOK_MS = 50
const PATIENCE_MS = 10_000

/** @returns the steps that were not begun */
export async function restartWorkers(
  db: Driver,
  steps: readonly RestartStep[],
  options: RestartOptions,
): Promise<readonly RestartStep[]> {
  const waiting = [...steps]
  let hasFailed = false
  const worker = async () => {
    while (!hasFailed && !options.signal.aborted) {
      const step = waiting.shift()
      if (step === undefined) return
      const end = await replace(db, step, options)
      if (end.kind !== 'replaced') hasFailed = true
      options.onStep(end)
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.atOnce, steps.length) }, worker))
  return waiting
}

async function replace(db: Driver, step: RestartStep, options: RestartOptions): Promise<StepEnd> {
  const startedAt = performance.now()
  const ended = new Map<number, number>()
  let launched: readonly Launched[] = []
  let reason: string | undefined
  try {
    launched = await options.launch(step)
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error
    reason = error.message
    launched = error.launched
  }
  for (const { pid, exited } of launched) void exited.then((code) => ended.set(pid, code))
  if (launched.length === 0 && reason === undefined) for (const worker of step.old) await ask(db, worker, 'hand over')
  for (;;) {
    const hadEnded = new Map(ended) // before the look: who has ended by then has freed its seat
    const there = await again(db.dialect, { forMs: PATIENCE_MS }, () => seated(db, step))
    const notLeft = there.filter((one) => step.old.some((old) => isSame(one, old)))
    const fresh = there.filter((one) => !notLeft.includes(one) && hasPartOf(step, one))
    const kind = stateOf(step, { notLeft, fresh, launched, ended: hadEnded, reason })
    const isLate = performance.now() - startedAt >= options.timeoutMs
    if (kind === undefined && !isLate) {
      await sleep(LOOK_MS)
      continue
    }
    const ms = performance.now() - startedAt
    const facts = { step, kind: kind ?? 'late', fresh, notLeft, ended: [...hadEnded], ms } as const
    return reason === undefined ? facts : { ...facts, reason }
  }
}

interface Seen {
  readonly notLeft: readonly WorkerProcess[]
  readonly fresh: readonly WorkerProcess[]
  readonly launched: readonly Launched[]
  readonly ended: ReadonlyMap<number, number>
  readonly reason: string | undefined
}

/** Undefined while it goes on. A worker that does not stay may have come, found nothing to do, and left. */
function stateOf({ job, groups }: RestartStep, { notLeft, fresh, launched, ended, reason }: Seen) {
  const held = new Set(fresh.flatMap(({ shards }) => shards))
  const isHeld = groups.flat().every((shard) => held.has(shard))
  if (notLeft.length === 0 && isHeld) return 'replaced'
  if (reason !== undefined) return 'failed'
  if (launched.length === 0) return notLeft.length === 0 && !job.always ? 'replaced' : undefined
  const lost = launched.filter(({ pid }) => ended.has(pid))
  if (lost.some(({ pid }) => ended.get(pid) !== 0)) return 'failed'
  if (lost.length < launched.length) return undefined
  return notLeft.length === 0 && !job.always ? 'replaced' : 'failed'
}

/** Who has shards of the queue, as far as can be seen. */
async function seated(db: Driver, { job, old }: RestartStep): Promise<WorkerProcess[]> {
  const workers = await workersUnder(db, { job: EVERY, host: EVERY })
  const queues = [job.work.queue, ...old.map(({ queue }) => queue)]
  return workers.filter((worker) => queues.includes(worker.queue) && worker.hasSeat && isAtWork(worker))
}

function hasPartOf({ total, groups }: RestartStep, worker: WorkerProcess): boolean {
  return worker.total === total && groups.flat().some((shard) => worker.shards.includes(shard))
}

function isSame(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.pidStart === b.pidStart && a.bootId === b.bootId && a.host === b.host
}
