/** What this host alone can tell of the workers on the board: which programs have begun, and whose process has ended. */
import type { HostFacts } from '../../../ctl/top/facts.ts'
import { isGone, isOfThisBoot } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { installationName } from '../../../queue/migrate.ts'
import { workerRows } from '../../../queue/store/worker-row.ts'
import { claimKey } from '../../../worker/journal.ts'
import { programsUnderWay } from '../../../worker/under-way.ts'
import { workerDirectoryPath } from '../../../worker/worker-directory.ts'

export async function lookAtHost(db: Driver): Promise<HostFacts> {
  const begun = new Map<number, ReadonlyMap<string, number>>()
  const gone = new Set<number>()
  let installation: string | undefined
  for (const worker of (await workerRows(db)).filter(isOfThisBoot)) {
    const { workerId, stateDirectory } = worker
    if (isGone(worker)) gone.add(workerId)
    installation ??= await installationName(db)
    const programs = programsUnderWay(workerDirectoryPath(stateDirectory, installation, workerId), workerId)
    if (programs !== undefined) begun.set(workerId, programs)
  }
  return {
    isGone: (workerId) => gone.has(workerId),
    begunAt(claim) {
      const programs = claim.workerId === null ? undefined : begun.get(claim.workerId)
      if (programs === undefined) return undefined
      return programs.get(claimKey(claim)) ?? 'waits'
    },
  }
}
