/**
 * Telling the workers that this daemon started, itself or by one of its ticks, from those of a crontab beside it.
 *
 * A variable is handed down through all processes. It begins with `QUEUE_`, so task programs do not get it.
 */
import { readFileSync } from 'node:fs'
import { ownIdentity } from '../../host/identity.ts'
import { processIds, processStart } from '../../host/processes.ts'
import type { WorkerProcess } from '../../queue/store/stop.ts'
import { type Sight, sight } from '../stop/drain-workers.ts'

const VARIABLE = 'QUEUE_DAEMON'

/** Put into the environment of what the daemon starts. */
export function markedEnvironment(): Readonly<Record<string, string>> {
  return { [VARIABLE]: ownMark() }
}

/** What can be seen of a worker; one that is not ours is none of our business. */
export function ownSight(worker: WorkerProcess): Sight {
  const seen = sight(worker)
  return seen === 'runs' && isMarked(worker.pid) ? seen : 'gone'
}

/** Workers that have taken their seats, and those that have not yet. */
export function ownProcesses(): number[] {
  return processIds().filter((pid) => pid !== process.pid && processStart(pid) !== undefined && isMarked(pid))
}

function isMarked(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${VARIABLE}=${ownMark()}`)
  } catch {
    return false
  }
}

function ownMark(): string {
  const { pid, pidStart } = ownIdentity()
  return `${pid}.${pidStart}`
}
