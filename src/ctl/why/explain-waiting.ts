/**
 * A task that waits: what keeps it from being started.
 *
 * Obstacles are asked about in the order in which a person would, and the first one is the answer. The others are facts: they
 * are what comes when that one is out of the way.
 */
import type { Evidence, Surroundings } from './evidence.ts'
import { pastFacts } from './explain-finished.ts'
import type { Explanation, Fact } from './explanation.ts'
import { hindrances, type Obstacle } from './obstacles.ts'
import { turnOf } from './turn.ts'
import { known, lastError, maxAttempts, nameFact, when } from './words.ts'

const MOST_PAST = 3

export function explainWaiting(evidence: Evidence, around: Surroundings): Explanation {
  const { task } = evidence
  const found = hindrances(evidence, around)
  const all = found.some(({ isLong }) => isLong) ? found : [...found, turnOf(evidence, around)]
  const [first, ...others] = all as [Obstacle, ...Obstacle[]]
  return {
    case: first.case,
    sentence: first.sentence,
    facts: [
      nameFact(task),
      ...known(
        ['added', when(task, around, task.addedAt)],
        ['attempts', task.attempts === 0 ? undefined : `${task.attempts} of ${maxAttempts(task, around)}`],
        ['error', task.past.length === 0 || first.case === 'no-program' ? undefined : lastError(task.error)],
        [
          'expires',
          task.expiresAt === null || first.case === 'expired' ? undefined : when(task, around, task.expiresAt),
        ],
      ),
      ...(first.facts ?? []),
      ...others.map(({ later }): Fact => ['and then', later]),
      ...pastFacts(task, around, MOST_PAST),
    ],
    ...(first.next === undefined ? {} : { next: first.next }),
  }
}
