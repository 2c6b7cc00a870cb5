/** What `queuectl move` says: what it is about to do, what it did, and what stays. */
import { amount, type Counted, counted, grouped } from '../../amount.ts'
import { readableLine } from '../readable.ts'
import { idsText } from '../task-ids.ts'
import type { Moved, MovePreview } from './move.ts'
import type { MovedAway } from './move-away.ts'

/** `1,204 tasks to the queue slow` */
export function previewText({ waiting }: MovePreview, to: string): string {
  return `${counted(waiting, 'task')} to ${to}`
}

/** `2 tasks run and stay.` */
export function stayLine(running: Counted): string[] {
  if (running.count === 0) return []
  const sentence = `${counted(running, 'task runs and stays', 'tasks run and stay')}.`
  return [`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`]
}

export function movedLines({ moved, running, ended }: Moved, queue: string): string[] {
  const more = ended === 'all' ? '' : ' The others are where they were: the same command goes on.'
  return [`Moved ${amount(moved, 'task')} to the queue ${queue}.${more}`, ...stayLine(running)]
}

export function movedAwayLines(result: MovedAway, where: string): string[] {
  const { moved, resumed, tried, duplicates, refused, running, ended, elsewhere } = result
  const earlier = resumed === 0 ? '' : ` (${grouped(resumed)} of a move that had been cut off)`
  const lines = [`Moved ${amount(moved, 'task')} to ${where}${earlier}.`]
  if (ended === 'stopped')
    lines.push('Stopped before the end: what is left is held until the same command is given again.')
  if (tried > 0)
    lines.push(
      `${amount(tried, 'task has', 'tasks have')} been tried before: ${tried === 1 ? 'its next attempt finds' : 'their next attempts find'} another TASK_KEY.`,
    )
  if (duplicates.length > 0)
    lines.push(
      `${amount(duplicates.length, 'task stays', 'tasks stay')}, because there is one with the same unique value there: ${idsText(duplicates)}.`,
    )
  for (const [reason, same] of Map.groupBy(refused, ({ reason }) => reason)) {
    const ids = idsText(same.map(({ id }) => id))
    lines.push(
      `${amount(same.length, 'task stays', 'tasks stay')}, because it is not taken there (${readableLine(reason, 200)}): ${ids}.`,
    )
  }
  lines.push(...stayLine(running))
  for (const { where: other } of elsewhere)
    lines.push(`A move to ${other} was cut off and holds tasks: give it again with that --to-url to go on.`)
  return lines
}
