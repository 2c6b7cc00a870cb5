/**
 * What a look chose: to be claimed, deferred, or set aside.
 */
import { randomInt } from 'node:crypto'
import type { Head } from './look.ts'
import type { QueuePauseRow } from './queue-pause.ts'

export interface Choice {
  /** What to claim, most urgent first. */
  readonly chosen: readonly number[]
  /** Rows that are ready and not due. */
  readonly early: readonly Head[]
  /** Rows whose program is paused, by the pause. */
  readonly paused: ReadonlyMap<QueuePauseRow, readonly number[]>
}

export function byPause(
  heads: readonly Pick<Head, 'id' | 'task'>[],
  pauses: readonly QueuePauseRow[],
): ReadonlyMap<QueuePauseRow, readonly number[]> {
  const found = pauses.map((row): [QueuePauseRow, number[]] => [
    row,
    heads.flatMap(({ id, task }) => (task === row.pause.task ? id : [])),
  ])
  return new Map(found.filter(([, ids]) => ids.length > 0))
}

/** At most `count` at random, in the order they had. */
export function sample<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items
  const places = items.map((_, place) => place)
  while (places.length > count) places.splice(randomInt(places.length), 1)
  return places.map((place) => items[place] as Item)
}
