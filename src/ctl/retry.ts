/** `queuectl retry`: what is finished begins anew, what waits for its time does not wait any longer. */
import type { Driver } from '../queue/driver.ts'
import type { Present } from '../queue/store/change.ts'
import { reopenRuns } from '../queue/store/exec-run.ts'
import { type ChangeReport, type ChangeRequest, runChange, type VerbWords } from './change-tasks.ts'

const PATIENCE_MS = 30_000

const WORDS: VerbWords = {
  verb: 'retry',
  done: () => 'ready again',
  hint: whatInstead,
}

/** @param dropExpiry  retry also what has expired, which would fail at once otherwise */
export async function runRetry(db: Driver, request: ChangeRequest, dropExpiry: boolean): Promise<ChangeReport> {
  const report = await runChange(db, WORDS, request, dropExpiry)
  if (!request.dryRun) await reopenRuns(db, request.ids.all, PATIENCE_MS)
  return report
}

function whatInstead({ state, cancelling, expired }: Present): string | undefined {
  if (state === 'held') return 'use release'
  if (cancelling) return 'retry when cancelled'
  if (state === 'running') return undefined
  return expired ? '--drop-expiry runs what has expired' : undefined
}
