/** `queuectl cancel`: what waits is cancelled at once; what runs is stopped by its worker, and cancelled then. */
import type { Driver } from '../queue/driver.ts'
import { type ChangeReport, type ChangeRequest, runChange, type VerbWords } from './change-tasks.ts'

const WORDS: VerbWords = {
  verb: 'cancel',
  done: ({ cancelling }) => (cancelling ? 'being stopped' : 'cancelled'),
  hint: () => undefined,
}

export function runCancel(db: Driver, request: ChangeRequest): Promise<ChangeReport> {
  return runChange(db, WORDS, request)
}
