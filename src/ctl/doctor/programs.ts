/** Task programs that waiting tasks name and that cannot be started on this host. */

import { amount } from '../../amount.ts'
import { type Finding, problem } from '../../doctor/finding.ts'
import type { WaitingProgram } from '../../queue/store/waiting-programs.ts'
import { readableLine } from '../readable.ts'

const LONGEST_REASON = 300

/** @param whyNot  why a program cannot be started: a clause, and what to do; undefined when it can */
export function programFindings(
  programs: readonly WaitingProgram[],
  whyNot: (task: string) => string | undefined,
): Finding[] {
  const byTask = Map.groupBy(programs, ({ task }) => task)
  return [...byTask].flatMap(([task, waiting]) => {
    const why = whyNot(task)
    if (why === undefined) return []
    const count = waiting.reduce((sum, one) => sum + one.count, 0)
    const firstId = Math.min(...waiting.map((one) => one.firstId))
    const queues = [...new Set(waiting.map(({ queue }) => queue))].toSorted().join(', ')
    const reason = readableLine(why, LONGEST_REASON)
    return [
      problem(
        'programs',
        `At least ${amount(count, 'waiting task')} (the first is ${firstId}, in queue ${queues}) will fail: ${reason}.`,
      ),
    ]
  })
}
