/**
 * What a worker does: as its process says itself, where that can be seen from here, else as the database has it.
 */
import { processTitle } from '../../host/processes.ts'
import type { LeaveHow } from '../../queue/leave-how.ts'
import type { WorkerProcess } from '../../queue/store/stop.ts'
import type { Doing } from '../../queue/store/worker-doings.ts'
import { sight } from '../stop/drain-workers.ts'

export interface WorkerState extends WorkerProcess {
  /** `idle`, `running 3`, `draining`; `left` of one that is gone while its programs run on. */
  readonly state: string
  readonly doings: readonly Doing[]
}

const LEAVING: Readonly<Record<LeaveHow, string>> = {
  'hand over': 'handing over',
  drain: 'draining',
  stop: 'draining',
  'stop now': 'stopping',
  kill: 'stopping',
}
const TITLE = /^do-queue: .* \((.+)\)$/

export function withState(worker: WorkerProcess, doings: ReadonlyMap<number, readonly Doing[]>): WorkerState {
  const own = worker.workerIds.flatMap((id) => doings.get(id) ?? [])
  return { ...worker, state: stateOf(worker, own), doings: own }
}

function stateOf(worker: WorkerProcess, doings: readonly Doing[]): string {
  const said = sight(worker) === 'runs' ? TITLE.exec(processTitle(worker.pid) ?? '')?.[1] : undefined
  if (said !== undefined) return said
  if (worker.leaveHow !== undefined) return LEAVING[worker.leaveHow]
  if (!worker.hasSeat) return 'left'
  const running = doings.reduce((sum, { count }) => sum + count, 0)
  return running === 0 ? 'idle' : `running ${running}`
}
