/**
 * The states of a task, with the numbers that stand in the column `status`.
 *
 * 0 and 1 mean what they meant in the table this replaces: not done, done.
 *
 *     insert ─▶ ready ─ claim ─▶ running ─ exit 0 ─▶ done
 *                 ▲                 ├─ not ok, attempts left ─▶ scheduled ─ run_at reached (promote) ─▶ ready
 *                 └── given back ───┤
 *                                   └─ not ok, none left / exit 65 / expired ─▶ failed
 *     ready, scheduled, held ─ cancel ─▶ cancelled;  running ─ cancel ─▶ program stopped, then cancelled
 *     ready, scheduled ─ hold ─▶ held ─ release ─▶ ready or scheduled;  running ─ crashed, policy hold ─▶ held
 *     failed, cancelled, done ─ retry ─▶ ready, from its first attempt;  scheduled ─ retry ─▶ ready, at once
 *
 * SQL statements spell these numbers out, because SQLite's partial indexes are used only for a literal.
 */

export const STATUS = {
  ready: 0,
  done: 1,
  running: 2,
  failed: 3,
  scheduled: 4,
  cancelled: 5,
  held: 6,
} as const

export type StatusName = keyof typeof STATUS

export const STATUS_NAMES = Object.keys(STATUS) as readonly StatusName[]

/** A row with a higher one was written by somebody else: it has no state at all. */
export const HIGHEST_STATUS = Math.max(...Object.values(STATUS))

/** `statusName(4)` is `scheduled`; a number that is no state at all is shown as it is. */
export function statusName(status: number): StatusName | `${number}` {
  return STATUS_NAMES.find((name) => STATUS[name] === status) ?? `${status}`
}

const FINAL = ['done', 'failed', 'cancelled'] as const satisfies readonly StatusName[]

/** Nothing follows by itself: only a person may ask for a retry. */
export function isFinal(status: string): status is (typeof FINAL)[number] {
  return (FINAL as readonly string[]).includes(status)
}
