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
