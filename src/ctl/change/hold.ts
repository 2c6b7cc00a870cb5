/** `queuectl hold`: what waits is kept back until it is released, and with it the later tasks of its key. */
import type { ChangeVerb } from './change-verb.ts'

export const HOLD: ChangeVerb = {
  verb: 'hold',
  doing: 'holding',
  isFor: ['ready', 'scheduled', 'held'],
  usually: ['ready', 'scheduled'],
  done: () => 'held',
  hint: ({ state }) => (state === 'running' ? 'only what waits can be held' : undefined),
  note: (held) =>
    held.some(({ shardKey }) => shardKey !== null)
      ? 'Later tasks with the key of a held one wait until that is released.'
      : undefined,
}
