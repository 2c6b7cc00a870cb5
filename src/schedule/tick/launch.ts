/**
 * Starting workers that outlive the tick.
 *
 * A worker gets a session of its own, so that a signal to the tick's process group spares it, and the day's log as standard
 * output and error: a pipe to a tick that has left would end it at its first word. What a job's command is, the command line
 * tells, never the database: who can add a row must not choose what runs.
 */
import { spawn } from 'node:child_process'
import { SURROUNDINGS_VARIABLE, surroundingsText } from '../../host/command-surroundings.ts'
import { shardRanges } from '../../queue/bucket.ts'
import { execQueue, slotText } from '../../queue/exec-queue.ts'
import type { SlotKey } from '../../queue/store/slot.ts'
import type { PlannedJob, Work } from '../language/plan.ts'

export interface Launcher {
  /** The file of the `do-queue` command. */
  readonly doQueue: string
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
  /** An open descriptor of the workers' day log; asked for when there is a worker to start. */
  readonly logDescriptor: () => number
  /** The tick stays until its workers have ended; otherwise they are left behind. */
  readonly wait: boolean
}

export interface Launched {
  readonly pid: number
  /** The worker's exit code, or 128 when a signal ended it; waited for with `--wait` only. */
  readonly exited: Promise<number>
  /** It is waited for no more, and goes on. */
  readonly leave: () => void
}

export type QueueWork = Extract<Work, { kind: 'queue' }>
export type ExecWork = Extract<Work, { kind: 'exec' }>
/** A job of which it is known what it does. */
export type JobOf<W extends Work> = PlannedJob & { readonly work: W }

export function isOfQueue(job: PlannedJob): job is JobOf<QueueWork> {
  return job.work.kind === 'queue'
}

export function isOfCommand(job: PlannedJob): job is JobOf<ExecWork> {
  return job.work.kind === 'exec'
}

export interface WorkerOptions {
  /** Into how many shards the queue is divided. */
  readonly total: number
  /** Instead of what the job says. */
  readonly maxTimeMs?: number | undefined
  readonly timeoutMs?: number | undefined
  /** It takes the place of those that have its shards. */
  readonly replace?: boolean
}

/** The system did not start a worker; those before it are at work. */
export class LaunchError extends Error {
  readonly launched: readonly Launched[]

  constructor(cause: Error, launched: readonly Launched[]) {
    super(cause.message, { cause })
    this.launched = launched
  }
}

/** As many runs of one command at the same time as there may be. */
const MOST_RUNS = 60

/**
 * One worker for each group of shards.
 *
 * @param slot  what the workers say to the ledger when they have their seats; undefined for workers that are not due but missing
 * @throws LaunchError
 */
export async function launchWorkers(
  launcher: Launcher,
  job: JobOf<QueueWork>,
  slot: SlotKey | undefined,
  groups: readonly (readonly number[])[],
  options: WorkerOptions,
): Promise<Launched[]> {
  const launched: Launched[] = []
  for (const shards of groups) {
    try {
      launched.push(await launch(launcher, workerFlags(job, slot, shards, options), launcher.environment))
    } catch (error) {
      throw new LaunchError(error as Error, launched)
    }
  }
  return launched
}

/**
 * The worker that runs a job's command for as long as rows of the job are ready.
 *
 * @param queueUrl  of the database that has them, when it is not the project's. It may hold a password, so it goes by the
 *                  environment.
 * @param atOnce    how many run at the same time; as the job's overlap has it, when it is not given
 * @throws LaunchError
 */
export async function launchRun(
  launcher: Launcher,
  job: JobOf<ExecWork>,
  queueUrl?: string,
  atOnce?: number,
): Promise<Launched> {
  // Values may be secrets: unlike the command line, the environment is nobody else's to read.
  const environment = {
    ...launcher.environment,
    ...(queueUrl === undefined ? {} : { QUEUE_URL: queueUrl }),
    [SURROUNDINGS_VARIABLE]: surroundingsText(job.work),
  }
  try {
    return await launch(launcher, runFlags(job, atOnce), environment)
  } catch (error) {
    throw new LaunchError(error as Error, [])
  }
}

/** Packs shards into at most so many groups, of neighbours and as even as can be; without a number each is a group. */
export function groupsOf(shards: readonly number[], processes: number | undefined): number[][] {
  const groups = Math.min(Math.max(processes ?? shards.length, 1), shards.length)
  return Array.from({ length: groups }, (_, i) =>
    shards.slice(Math.floor((i * shards.length) / groups), Math.floor(((i + 1) * shards.length) / groups)),
  )
}

export function workerFlags(
  job: JobOf<QueueWork>,
  slot: SlotKey | undefined,
  shards: readonly number[],
  options: WorkerOptions,
): string[] {
  const { work } = job
  return [
    ...['--job', job.id, '--queue', work.queue],
    ...['--total', String(options.total), '--shard', shardRanges(shards)],
    ...(job.always ? ['--watch'] : []),
    ...(options.replace ? ['--replace'] : []),
    ...(slot === undefined ? [] : ['--slot', slotText(slot.slotAt)]),
    ...(slot === undefined || slot.place === '' ? [] : ['--place', slot.place]),
    ...flag('--concurrency', work.concurrency),
    ...flag('--batch', work.batch),
    ...flag('--per-key', work.perKey),
    ...flag('--max-time', milliseconds(options.maxTimeMs ?? work.maxTimeMs)),
    ...warmFlags(work.warm),
    ...flag('--retry', job.retry === '' ? 'none' : job.retry),
    ...programFlags({ ...job, timeoutMs: options.timeoutMs ?? job.timeoutMs }),
  ]
}

/** Retries are the row's. */
export function runFlags(job: JobOf<ExecWork>, atOnce = job.overlap === 'allow' ? MOST_RUNS : undefined): string[] {
  return [
    ...['--job', job.id, '--queue', execQueue(job.id), '--exec', JSON.stringify(job.work.command)],
    ...flag('--concurrency', atOnce),
    ...programFlags(job),
  ]
}

function warmFlags(warm: QueueWork['warm']): string[] {
  if (warm === undefined) return []
  const { tasks, ageMs, memoryBytes } = warm
  return [
    '--warm',
    ...flag('--warm-tasks', tasks),
    ...flag('--warm-age', milliseconds(ageMs)),
    ...flag('--warm-memory', memoryBytes === undefined ? undefined : `${memoryBytes / 1_024}K`),
  ]
}

function programFlags(job: Pick<PlannedJob, 'crash' | 'graceMs' | 'nice'> & { timeoutMs?: number | undefined }) {
  return [
    ...flag('--timeout', milliseconds(job.timeoutMs)),
    ...flag('--grace', milliseconds(job.graceMs)),
    ...flag('--crash', job.crash),
    ...flag('--nice', job.nice),
    '--quiet',
  ]
}

function launch(launcher: Launcher, flags: readonly string[], environment: NodeJS.ProcessEnv): Promise<Launched> {
  const { doQueue, directory, logDescriptor, wait } = launcher
  const output = logDescriptor()
  const worker = spawn(process.execPath, [doQueue, ...flags], {
    cwd: directory,
    env: environment,
    detached: true,
    stdio: ['ignore', output, output],
  })
  const exited = new Promise<number>((resolve) => worker.on('exit', (code) => resolve(code ?? 128)))
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('spawn', () => {
      if (!wait) worker.unref()
      resolve({ pid: worker.pid ?? 0, exited, leave: () => worker.unref() })
    })
  })
}

/** With `=`, because a value may begin with a dash. */
function flag(name: string, value: number | string | undefined): string[] {
  if (value === undefined) return []
  const text = String(value)
  return text.startsWith('-') ? [`${name}=${text}`] : [name, text]
}

function milliseconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${ms}ms`
}
