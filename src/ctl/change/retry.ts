/** `queuectl retry`: what is finished begins anew, what waits for its time does not wait any longer. */
import type { Present } from '../../queue/store/change.ts'
import { reopenRuns } from '../../queue/store/exec-run.ts'
import type { ChangeVerb } from './change-verb.ts'

export const RETRY: ChangeVerb = {
  verb: 'retry',
  doing: 'retrying',
  isFor: ['failed', 'cancelled', 'done', 'scheduled'],
  usually: ['failed', 'cancelled'],
  done: () => 'ready again',
  hint: whatInstead,
  afterwards: reopenRuns,
}

function whatInstead({ state, cancelling, expired }: Present): string | undefined {
  if (state === 'held') return 'use release'
  if (cancelling) return 'retry when cancelled'
  if (state === 'running') return undefined
  return expired ? '--drop-expiry runs what has expired' : undefined
}
