/**
 * Starting a worker that outlives the tick.
 *
 * It gets a session of its own, so that a signal to the tick's process group spares it, and the day's log as standard
 * output and error: a pipe to a tick that has left would end it at its first word.
 */
import { spawn } from 'node:child_process'
import type { PlannedJob } from '../language/plan.ts'

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
  /** The worker's exit code, or 128 plus the number of the signal that ended it; waited for with `--wait` only. */
  readonly exited: Promise<number>
}

/** @throws the error of the system when the process cannot be started */
export function launchWorker(launcher: Launcher, job: PlannedJob, shard: number): Promise<Launched> {
  const { doQueue, directory, environment, logDescriptor, wait } = launcher
  const output = logDescriptor()
  const worker = spawn(process.execPath, [doQueue, ...workerFlags(job, shard)], {
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
      resolve({ pid: worker.pid ?? 0, exited })
    })
  })
}

export function workerFlags(job: PlannedJob, shard: number): string[] {
  const flags = ['--job', job.id, '--queue', job.queue, '--total', String(job.shards), '--shard', String(shard)]
  const add = (flag: string, value: number | string | undefined) => {
    if (value !== undefined) flags.push(flag, String(value))
  }
  add('--concurrency', job.concurrency)
  add('--batch', job.batch)
  add('--timeout', milliseconds(job.timeoutMs))
  add('--grace', milliseconds(job.graceMs))
  add('--max-time', milliseconds(job.maxTimeMs))
  add('--retry', job.retry === '' ? 'none' : job.retry)
  add('--crash', job.crash)
  return [...flags, '--quiet']
}

function milliseconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${ms}ms`
}
