/**
 * Retry lists: the delays between the attempts of a task, as data.
 *
 * `1m,5m,30m` means four attempts: the first, then one after each delay. It stands in the row, or in the job, or in a
 * flag, so it can be read, compared and changed with an UPDATE.
 */
import { Complaint, EXIT } from '../exit.ts'
import { parseDuration } from '../time/duration.ts'

export const DEFAULT_RETRY = '1m,5m,30m'

/** As many characters as the column `retry` holds. */
export const RETRY_LIST_LENGTH = 255

/**
 * @param text  durations separated by commas; `''` and `none` mean one attempt and no more
 * @returns     milliseconds before the second, third, … attempt
 * @throws      Complaint (bad data) naming the entry that is no duration
 */
export function parseRetryList(text: string): number[] {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === 'none') return []
  if (trimmed.length > RETRY_LIST_LENGTH) {
    throw new Complaint(
      EXIT.badData,
      `The retry list is ${trimmed.length} characters long. Use at most ${RETRY_LIST_LENGTH}.`,
    )
  }
  return trimmed.split(',').map((entry) => {
    const ms = parseDuration(entry)
    if (ms === undefined) {
      throw new Complaint(
        EXIT.badData,
        `The retry list "${trimmed}" has the entry "${entry.trim()}", which is no duration. Write delays separated by commas, such as 2m,10m,1h.`,
      )
    }
    return ms
  })
}

/** Lists that were read: nearly all rows of a queue have the same. */
const read = new Map<string, readonly number[]>()
const MOST_REMEMBERED = 100

/** The delays that a row goes by. A row edited by hand may hold anything: a list that cannot be read counts as none. */
export function delaysOf(rowList: string | null, defaultList: string): readonly number[] {
  const list = rowList ?? defaultList
  const known = read.get(list)
  if (known !== undefined) return known
  try {
    const delays = parseRetryList(list)
    if (read.size >= MOST_REMEMBERED) read.clear()
    read.set(list, delays)
    return delays
  } catch {
    return parseRetryList(defaultList)
  }
}

/**
 * The delay after the attempt of that number; the last one repeats where more attempts are allowed than there are delays.
 *
 * @returns undefined when the list is empty
 */
export function delayAfter(delays: readonly number[], attempt: number): number | undefined {
  return delays[attempt - 1] ?? delays.at(-1)
}

/** How many attempts a task has: the first and one after each delay, or as many as its row says; one when there is no delay. */
export function attemptsOf(delays: readonly number[], maxAttempts: number | null): number {
  return delays.length === 0 ? 1 : (maxAttempts ?? delays.length + 1)
}
