/**
 * Whose the running tasks are, and which of them have begun: what the rows say, put together with what this host can see. Pure.
 */
import type { RunningClaim } from '../../queue/store/running-now.ts'
import type { WorkerProcess } from '../../queue/store/stop.ts'
import { type HostFacts, hostAndPid, type RunningFacts, type WorkerFacts } from './facts.ts'

export type SeenClaim = RunningClaim & Pick<RunningFacts, 'worker' | 'hasBegun'>

export function workerFacts(process: WorkerProcess, claims: readonly RunningClaim[], host: HostFacts): WorkerFacts {
  const own = claims.filter(({ workerId }) => workerId !== null && process.workerIds.includes(workerId))
  const begun = own.map((claim) => host.begunAt(claim))
  return {
    ...process,
    running: own.length,
    waiting: begun.includes(undefined) ? undefined : begun.filter((at) => at === 'waits').length,
    isGone: process.workerIds.some((id) => host.isGone(id)),
  }
}

/** The longest running first; last what has not begun. */
export function seenClaims(
  claims: readonly RunningClaim[],
  workers: readonly WorkerFacts[],
  host: HostFacts,
): SeenClaim[] {
  const nameOf = new Map(workers.flatMap((worker) => worker.workerIds.map((id) => [id, hostAndPid(worker)] as const)))
  return claims
    .map((claim) => {
      const begun = host.begunAt(claim)
      return {
        ...claim,
        worker: claim.workerId === null ? undefined : nameOf.get(claim.workerId),
        hasBegun: begun === undefined ? undefined : begun !== 'waits',
        forMs: typeof begun === 'number' ? Math.max(0, Date.now() - begun) : claim.forMs,
      }
    })
    .toSorted(longestFirst)
}

function longestFirst(a: SeenClaim, b: SeenClaim): number {
  const waits = ({ hasBegun }: SeenClaim) => (hasBegun === false ? 1 : 0)
  return waits(a) - waits(b) || b.forMs - a.forMs || a.id - b.id
}
