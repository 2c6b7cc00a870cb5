/** A claimed row for tests of what a worker does with one. */
import type { ClaimedTask } from '../../src/queue/store/claimed-task.ts'

export function claimed(given: Partial<ClaimedTask>): ClaimedTask {
  return {
    id: 7,
    claimToken: 1,
    queue: 'default',
    task: 'program',
    param: '',
    attempt: 1,
    maxAttempts: null,
    retry: null,
    timeoutSeconds: null,
    expiresAt: null,
    uselessAt: null,
    shardKey: null,
    crashes: 0,
    ...given,
  }
}
