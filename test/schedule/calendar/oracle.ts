/**
 * When a cron expression is due, found the slow and simple way: look at every minute of a window.
 *
 * Shares nothing with the code under test. Wall clocks come from Intl text, fields are taken apart by hand, and each
 * rule is written as its definition: the workday nearest to the 15th is the one among all workdays that is closest.
 */

export interface WallMinute {
  /** UTC milliseconds. */
  readonly at: number
  /** What the wall clock shows, as if it were UTC, in minutes. */
  readonly wall: number
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
const NAMES = [/jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec/g, /sun|mon|tue|wed|thu|fri|sat/g]
const MONTHS = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** Every minute of `from` .. `to`, and what a clock on the wall of `zone` shows. */
export function wallMinutes(zone: string, from: number, to: number): WallMinute[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const minutes: WallMinute[] = []
  for (let at = from; at <= to; at += MINUTE_MS) {
    minutes.push({ at, wall: Date.parse(`${format.format(at).replace(' ', 'T')}Z`) / MINUTE_MS })
  }
  return minutes
}

/** @returns the UTC minutes of the window at which `text` is due; the first three hours are there to look back on */
export function oracleDue(text: string, window: readonly WallMinute[]): number[] {
  const [minute = '', hour = '', dom = '', month = '', dow = ''] = text.toLowerCase().split(' ')
  const minutes = valuesOf(minute, 0, 59)
  const hours = valuesOf(hour, 0, 23)
  const dayMatches = new Map<number, boolean>()
  const matches = (wall: number): boolean => {
    const day = Math.floor(wall / DAY_MINUTES)
    let matching = dayMatches.get(day)
    if (matching === undefined) {
      matching = isDay(dom, month, dow, day)
      dayMatches.set(day, matching)
    }
    return matching && hours.has(Math.floor((wall - day * DAY_MINUTES) / 60)) && minutes.has(wall % 60)
  }
  const isFixed = !minute.startsWith('*') && !hour.startsWith('*')
  const lastSeen = new Map<number, number>()
  const due: number[] = []
  window.forEach(({ at, wall }, i) => {
    const seen = lastSeen.get(wall)
    lastSeen.set(wall, at)
    const before = window[i - 1]?.wall ?? wall - 1
    const repeated = seen !== undefined && at - seen <= 180 * MINUTE_MS
    let isDue = matches(wall) && !(isFixed && repeated)
    if (isFixed && wall - before - 1 <= 180) {
      for (let skipped = before + 1; skipped < wall; skipped++) isDue ||= matches(skipped)
    }
    if (isDue) due.push(at)
  })
  return due.filter((at) => at >= (window[0]?.at ?? 0) + 180 * MINUTE_MS)
}

function isDay(dom: string, month: string, dow: string, dayNumber: number): boolean {
  const date = new Date(dayNumber * 86_400_000)
  const days = daysOfSameMonth(dayNumber)
  const months = month.replace(NAMES[0] ?? '', (name) => String(MONTHS.indexOf(name)))
  if (!valuesOf(months, 1, 12).has(date.getUTCMonth() + 1)) return false
  const inMonth = dom.split(',').some((item) => isDayOfMonth(item, date.getUTCDate(), days))
  const inWeek = dow
    .replace(NAMES[1] ?? '', (name) => String(WEEKDAYS.indexOf(name)))
    .split(',')
    .some((item) => isDayOfWeek(item, date, days))
  const byStar = '*?'.includes(dom[0] ?? '') || '*?'.includes(dow[0] ?? '')
  return byStar ? inMonth && inWeek : inMonth || inWeek
}

/** All days of the month that `dayNumber` is in: the weekday of each, by its date. */
function daysOfSameMonth(dayNumber: number): Map<number, number> {
  const days = new Map<number, number>()
  const month = new Date(dayNumber * 86_400_000).getUTCMonth()
  for (let number = dayNumber - 31; number <= dayNumber + 31; number++) {
    const date = new Date(number * 86_400_000)
    if (date.getUTCMonth() === month) days.set(date.getUTCDate(), date.getUTCDay())
  }
  return days
}

function isDayOfMonth(item: string, day: number, days: ReadonlyMap<number, number>): boolean {
  if (item === '?') return true
  const last = days.size
  const workdays = [...days].filter(([, weekday]) => weekday !== 0 && weekday !== 6).map(([date]) => date)
  if (item === 'l') return day === last
  if (item === 'lw') return day === Math.max(...workdays)
  if (item.startsWith('l-')) return day + Number(item.slice(2)) === last
  if (item.endsWith('w')) {
    const wanted = Number(item.slice(0, -1))
    const distance = (date: number) => Math.abs(date - wanted)
    return wanted <= last && workdays.includes(day) && workdays.every((other) => distance(day) <= distance(other))
  }
  return valuesOf(item, 1, 31).has(day)
}

function isDayOfWeek(item: string, date: Date, days: ReadonlyMap<number, number>): boolean {
  if (item === '?') return true
  const isWeekday = (text: string | undefined) => Number(text) % 7 === date.getUTCDay()
  if (item.endsWith('l')) return isWeekday(item[0]) && !days.has(date.getUTCDate() + 7)
  if (item.includes('#')) return isWeekday(item[0]) && Math.ceil(date.getUTCDate() / 7) === Number(item[2])
  const values = valuesOf(item, 0, item.includes('-') && !/-7|7-/.test(item) ? 6 : 7)
  return values.has(date.getUTCDay()) || (date.getUTCDay() === 0 && values.has(7))
}

/** The numbers that a field of numbers names, by counting on from the first until the last is met. */
function valuesOf(field: string, first: number, last: number): Set<number> {
  const values = new Set<number>()
  for (const item of field.split(',')) {
    const [range = '', step = '1'] = item.split('/')
    const [from = first, to = range === '*' ? last : from] = range === '*' ? [] : range.split('-').map(Number)
    let value = from
    for (let count = 0; ; count++) {
      if (count % Number(step) === 0) values.add(value)
      if (value === to) break
      value = value === last ? first : value + 1
    }
  }
  return values
}
