/**
 * Telling the workers that this daemon started, itself or by one of its ticks, or took over from a daemon before it, from those of a
 * crontab beside it.
 *
 * A variable is handed down through all processes. It begins with `QUEUE_`, so task programs do not get it.
 */
import { readFileSync } from 'node:fs'
import { hasEnded, ownIdentity } from '../../host/identity.ts'
import { processIds, processStart } from '../../host/processes.ts'
import type { WorkerProcess } from '../../queue/store/stop.ts'
import { type Sight, sight } from '../stop/drain-workers.ts'
import { livingDaemons } from './daemon-mark.ts'

const VARIABLE = 'QUEUE_DAEMON'

/** Put into the environment of what the daemon starts. */
export function markedEnvironment(): Readonly<Record<string, string>> {
  return { [VARIABLE]: ownMark() }
}

/**
 * What can be seen of a worker; one that is not ours is none of our business.
 *
 * @param inherited  the marks of daemons before this one
 */
export function ownSight(worker: WorkerProcess, inherited: readonly string[]): Sight {
  const seen = sight(worker)
  return seen === 'runs' && isOwn(worker.pid, inherited) ? seen : 'gone'
}

/**
 * The environment that a worker of this host was started with, for the one that comes in its place: what crontab or a daemon gave
 * it. Where its daemon has ended, it is that of the one that runs now.
 *
 * @returns undefined where it cannot be read
 */
export function environmentOf(worker: WorkerProcess, stateDirectory: string): NodeJS.ProcessEnv | undefined {
  if (sight(worker) !== 'runs') return undefined
  const variables = readEnvironment(worker.pid)
  if (variables.length === 0) return undefined
  const environment: NodeJS.ProcessEnv = Object.fromEntries(
    variables.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  )
  const [pid, start] = (environment[VARIABLE] ?? '').split('.').map(Number)
  if (pid === undefined || start === undefined || !hasEnded(pid, start)) return environment
  const { [VARIABLE]: _, ...others } = environment
  return { ...others, ...markOfDaemon(stateDirectory) }
}

/** For what a person starts beside a daemon, which is to drain that, too, when it ends. Empty where none runs. */
export function markOfDaemon(stateDirectory: string): Readonly<Record<string, string>> {
  const [daemon] = livingDaemons(stateDirectory)
  return daemon === undefined ? {} : { [VARIABLE]: `${daemon}.${processStart(daemon) ?? 0}` }
}

/** Workers that have taken their seats, and those that have not yet. */
export function ownProcesses(inherited: readonly string[]): number[] {
  return processIds().filter((pid) => pid !== process.pid && processStart(pid) !== undefined && isOwn(pid, inherited))
}

/** The marks, `pid.start`, that processes of this host carry. */
export function carriedMarks(): ReadonlySet<string> {
  return new Set(processIds().flatMap((pid) => markOf(pid) ?? []))
}

function isOwn(pid: number, inherited: readonly string[]): boolean {
  const mark = markOf(pid)
  return mark !== undefined && (mark === ownMark() || inherited.includes(mark))
}

function markOf(pid: number): string | undefined {
  const start = `${VARIABLE}=`
  return readEnvironment(pid)
    .find((text) => text.startsWith(start))
    ?.slice(start.length)
}

/** `NAME=value` each; none of a process that is gone or another user's. */
function readEnvironment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter((text) => text.includes('='))
  } catch {
    return []
  }
}

function ownMark(): string {
  const { pid, pidStart } = ownIdentity()
  return `${pid}.${pidStart}`
}
