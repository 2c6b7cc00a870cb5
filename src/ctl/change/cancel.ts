/** `queuectl cancel`: what waits is cancelled at once; what runs is stopped by its worker, and cancelled then. */
import type { ChangeVerb } from './change-verb.ts'

export const CANCEL: ChangeVerb = {
  verb: 'cancel',
  doing: 'cancelling',
  isFor: ['ready', 'scheduled', 'held', 'running'],
  usually: ['ready', 'scheduled', 'held'],
  done: ({ cancelling }) => (cancelling ? 'being stopped' : 'cancelled'),
  hint: () => undefined,
}
