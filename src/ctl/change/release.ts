/** `queuectl release`: what is held waits again, for a worker or for its time; also what a pause of its program holds. */
import type { ChangeVerb } from './change-verb.ts'

export const RELEASE: ChangeVerb = {
  verb: 'release',
  doing: 'releasing',
  isFor: ['held'],
  usually: ['held'],
  done: () => 'released',
  hint: () => undefined,
}
