/**
 * The last hour, minute by minute: what ended, of which queue and task program, well or not.
 *
 * The board looks every second, and only the newest minutes can have changed since it looked last. They are read again; the
 * others are remembered.
 */

import type { MinuteRow } from '../../queue/store/tally-minutes.ts'
import { MINUTE_MS } from '../../time/units.ts'

export interface Pace {
  /** Ended well within the last minute, as far as that can be told from whole minutes. */
  readonly donePerMinute: number
  readonly failuresPerMinute: number
  /** What ended in each of the last 60 minutes, the present one last. */
  readonly ended: readonly number[]
  readonly failed: readonly number[]
}

const MINUTES = 60
/** What is written as a minute ends may be read a moment later, and clocks are not quite the same. */
const READ_AGAIN_MS = 2 * MINUTE_MS

export class Pulse {
  #rows: readonly MinuteRow[] = []
  #readTo = Number.NEGATIVE_INFINITY

  /** From where rows have to be read for a look at this moment: UTC milliseconds of a whole minute. */
  since(now: number): number {
    const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS
    return Math.max(minute - (MINUTES - 1) * MINUTE_MS, this.#readTo - READ_AGAIN_MS)
  }

  /** @param rows  all there are since `since(now)` */
  add(rows: readonly MinuteRow[], now: number): void {
    const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS
    const since = this.since(now)
    const oldest = minute - (MINUTES - 1) * MINUTE_MS
    this.#rows = [...this.#rows.filter(({ at }) => at >= oldest && at < since), ...rows]
    this.#readTo = minute
  }

  queues(): string[] {
    return [...new Set(this.#rows.map(({ queue }) => queue))]
  }

  pace(queue: string, now: number): Pace {
    return paceOf(
      this.#rows.filter((row) => row.queue === queue),
      now,
    )
  }

  /** By the name of the program, of one queue. */
  paceOfTasks(queue: string, now: number): Map<string, Pace> {
    const byTask = Map.groupBy(
      this.#rows.filter((row) => row.queue === queue),
      ({ task }) => task,
    )
    return new Map([...byTask].map(([task, rows]) => [task, paceOf(rows, now)]))
  }
}

function paceOf(rows: readonly MinuteRow[], now: number): Pace {
  const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS
  const done = new Array<number>(MINUTES).fill(0)
  const failed = new Array<number>(MINUTES).fill(0)
  for (const { at, ending, attempts } of rows) {
    const index = MINUTES - 1 - Math.round((minute - at) / MINUTE_MS)
    const series = ending === 'done' ? done : ending === 'cancelled' ? undefined : failed
    if (series !== undefined && index >= 0 && index < MINUTES) series[index] = (series[index] ?? 0) + attempts
  }
  return {
    donePerMinute: lastMinute(done, now),
    failuresPerMinute: lastMinute(failed, now),
    ended: done.map((count, i) => count + (failed[i] ?? 0)),
    failed,
  }
}

/** The present minute, and of the one before as much as reaches into the last 60 seconds. */
function lastMinute(series: readonly number[], now: number): number {
  const over = (now % MINUTE_MS) / MINUTE_MS
  return Math.round((series.at(-1) ?? 0) + (series.at(-2) ?? 0) * (1 - over))
}
