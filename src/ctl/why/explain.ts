/**
 * Why a task has not run, or ended as it did. Pure: it judges what was found and asks nothing.
 */
import { grouped } from '../../amount.ts'
import type { IdRange } from '../../queue/store/ahead.ts'
import type { Evidence, Surroundings } from './evidence.ts'
import { explainFinished } from './explain-finished.ts'
import { explainRunning } from './explain-running.ts'
import { explainWaiting } from './explain-waiting.ts'
import type { Explanation } from './explanation.ts'
import { known, nameFact, when } from './words.ts'

export function explain(evidence: Evidence, around: Surroundings): Explanation {
  const { task } = evidence
  switch (task.state) {
    case 'done':
    case 'failed':
    case 'cancelled':
      return explainFinished(task, task.state, around)
    case 'running':
      return explainRunning(evidence, around)
    case 'ready':
    case 'scheduled':
    case 'held':
      return explainWaiting(evidence, around)
    default:
      return {
        case: 'status-by-hand',
        sentence: `Task ${task.id} has the status ${task.state}, which is no state: somebody wrote it by hand, and nobody will run it.`,
        facts: [nameFact(task), ...known(['changed', when(task, around, task.changedAt)])],
      }
  }
}

export function explainUnknown(id: number, range: IdRange | undefined): Explanation {
  const why =
    range === undefined
      ? 'the queue is empty, and has no task at all'
      : id > range.highest
        ? `no id so high was given, the highest is ${range.highest}; or whoever adds it has not committed`
        : id < range.lowest
          ? `the oldest row that is left is ${range.lowest}, so it was deleted`
          : 'its row was deleted, or whoever added it rolled back'
  return {
    case: 'unknown-id',
    sentence: `There is no task ${id} in this database: ${why}.`,
    facts: known(['lowest id', range && grouped(range.lowest)], ['highest id', range && grouped(range.highest)]),
  }
}
