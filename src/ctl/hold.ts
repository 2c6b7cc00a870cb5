/** `queuectl hold`: what waits is kept back until it is released, and with it the later tasks of its key. */
import type { Driver } from '../queue/driver.ts'
import { type ChangeReport, type ChangeRequest, runChange, type VerbWords } from './change-tasks.ts'

const WORDS: VerbWords = {
  verb: 'hold',
  done: () => 'held',
  hint: ({ state }) => (state === 'running' ? 'only what waits can be held' : undefined),
  note: (held) =>
    held.some(({ shardKey }) => shardKey !== null)
      ? 'Later tasks with the key of a held one wait until that is released.'
      : undefined,
}

export function runHold(db: Driver, request: ChangeRequest): Promise<ChangeReport> {
  return runChange(db, WORDS, request)
}
