/** One item of a field of a crontab line, between commas, as crons read it. */

export type CronRange =
  | { readonly kind: 'range' }
  /** `6~15`, of which cronie takes one by chance. */
  | { readonly kind: 'random'; readonly from: number; readonly to: number }
  /** `22-2`, which cron takes and never runs. */
  | { readonly kind: 'inverted' }
  /** Refused by one cron or another, or read otherwise than it looks. */
  | { readonly kind: 'none' }

const LIMITS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  minute: [0, 59],
  hour: [0, 23],
  'day-of-month': [1, 31],
  month: [1, 12],
  'day-of-week': [0, 7],
}
const NAMES: Readonly<Record<string, readonly string[]>> = {
  month: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  'day-of-week': ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
}
const ITEM = /^(?:(?<all>\*)|(?<first>\w+)?(?:(?<sign>[-~])(?<last>\w+)?)?)(?:\/(?<step>\d+))?$/

/** @param field  its name: `day-of-week` */
export function rangeOf(item: string, field: string): CronRange {
  const [least = 0, most = 0] = LIMITS[field] ?? []
  const parts = ITEM.exec(item)?.groups
  if (item === '' || parts === undefined) return { kind: 'none' }
  const { all, first, sign, last, step } = parts
  if (step !== undefined && Number(step) === 0) return { kind: 'none' }
  if (all !== undefined) return { kind: 'range' }
  const isRandom = sign === '~'
  if (!isRandom && (first === undefined || (sign !== undefined && last === undefined))) return { kind: 'none' }
  if (step !== undefined && sign !== '-') return { kind: 'none' }
  const from = first === undefined ? least : numberOf(first, field)
  const to = last === undefined ? (isRandom ? most : from) : numberOf(last, field)
  if (![from, to].every((value) => value >= least && value <= most)) return { kind: 'none' }
  if (from > to) return { kind: 'inverted' }
  return isRandom ? { kind: 'random', from, to } : { kind: 'range' }
}

function numberOf(text: string, field: string): number {
  const named = NAMES[field]?.indexOf(text.toLowerCase()) ?? -1
  return named >= 0 ? named : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
}
