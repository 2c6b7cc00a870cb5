/** `queuectl release`: what is held waits again, for a worker or for its time. */
import type { Driver } from '../queue/driver.ts'
import { type ChangeReport, type ChangeRequest, runChange, type VerbWords } from './change-tasks.ts'

const WORDS: VerbWords = {
  verb: 'release',
  done: () => 'released',
  hint: () => undefined,
}

export function runRelease(db: Driver, request: ChangeRequest): Promise<ChangeReport> {
  return runChange(db, WORDS, request)
}
