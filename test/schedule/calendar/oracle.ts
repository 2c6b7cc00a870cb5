/**
 * When a cron expression is due, found the slow and simple way: look at every minute of a span.
 *
 * Shares nothing with the code under test. Wall clocks come from Intl text, fields are taken apart by hand, and each
 * rule is written as its definition: the workday nearest to the 15th is the one among all workdays that is closest. What
 * many expressions ask of one span is written down once, in tables: the wall clock by minute, the days by number.
 */

/** A span of time as a clock on a wall shows it, minute by minute. */
export interface WallClock {
  /** UTC milliseconds of the first minute. */
  readonly from: number
  /** What the clock shows, as if that were UTC, in minutes since 1970; by minutes since `from`. */
  readonly walls: Int32Array
  /** 1 where the clock has shown the same in the three hours before; so the first three hours are there to look back on. */
  readonly isRepeated: Uint8Array
  /** The minutes at which it shows another day than before. */
  readonly dayStarts: readonly number[]
  /** The minutes before which it left out others. */
  readonly gapEnds: readonly number[]
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const DAY_MINUTES = 1_440
export const LOOK_BACK_MINUTES = 180
const MONTHS = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const formats = new Map<string, Intl.DateTimeFormat>()

/** @param from, to  UTC milliseconds of whole minutes, both within */
export function wallClock(zone: string, from: number, to: number): WallClock {
  const format = formatOf(zone)
  const length = (to - from) / MINUTE_MS + 1
  const walls = new Int32Array(length)
  for (let i = 0; i < length; i++)
    walls[i] = Date.parse(`${format.format(from + i * MINUTE_MS).replace(' ', 'T')}Z`) / MINUTE_MS

  const isRepeated = new Uint8Array(length)
  const dayStarts: number[] = []
  const gapEnds: number[] = []
  walls.forEach((wall, i) => {
    const before = walls[i - 1] ?? wall - 1
    if (i === 0 || dayOf(wall) !== dayOf(before)) dayStarts.push(i)
    if (wall > before + 1) gapEnds.push(i)
    if (walls.subarray(Math.max(0, i - LOOK_BACK_MINUTES), i).includes(wall)) isRepeated[i] = 1
  })
  return { from, walls, isRepeated, dayStarts, gapEnds }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  const format = known ?? new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  formats.set(zone, format)
  return format
}

/** @returns the minutes since `clock.from` at which `text` is due, without the first three hours */
export function oracleDue(text: string, clock: WallClock): number[] {
  const [minute = '', hour = '', dom = '', month = '', dow = ''] = text.toLowerCase().split(' ')
  const times = timesOfDay(valuesOf(minute, 0, 59), valuesOf(hour, 0, 23))
  const isDay = dayTest(dom, month, dow)
  const isFixed = !minute.startsWith('*') && !hour.startsWith('*')

  const { walls, isRepeated, dayStarts, gapEnds } = clock
  const due: number[] = []
  dayStarts.forEach((start, k) => {
    const day = dayOf(walls[start] ?? 0)
    if (!isDay(day)) return
    const end = dayStarts[k + 1] ?? walls.length
    for (let i = start; i < end; i++) {
      if (times[(walls[i] ?? 0) - day * DAY_MINUTES] === 1 && !(isFixed && isRepeated[i] === 1)) due.push(i)
    }
  })
  for (const i of isFixed ? gapEnds : []) {
    const skipped = (walls[i] ?? 0) - (walls[i - 1] ?? 0) - 1
    const isMadeUp = (wall: number) => times[wall % DAY_MINUTES] === 1 && isDay(dayOf(wall))
    if (
      skipped <= LOOK_BACK_MINUTES &&
      someOf(skipped, (k) => isMadeUp((walls[i - 1] ?? 0) + 1 + k)) &&
      !due.includes(i)
    )
      due.push(i)
  }
  return due.filter((i) => i >= LOOK_BACK_MINUTES).toSorted((a, b) => a - b)
}

function dayOf(wall: number): number {
  return Math.floor(wall / DAY_MINUTES)
}

function someOf(count: number, test: (k: number) => boolean): boolean {
  for (let k = 0; k < count; k++) if (test(k)) return true
  return false
}

/** 1 for each minute of a day that both fields name. */
function timesOfDay(minutes: ReadonlySet<number>, hours: ReadonlySet<number>): Uint8Array {
  return Uint8Array.from({ length: DAY_MINUTES }, (_, time) =>
    hours.has(Math.floor(time / 60)) && minutes.has(time % 60) ? 1 : 0,
  )
}

interface CalendarDay {
  readonly date: number
  readonly month: number
  readonly weekday: number
  /** The weekday of every date of the same month. */
  readonly weekdays: ReadonlyMap<number, number>
  /** The dates of the same month from Monday to Friday. */
  readonly workdays: readonly number[]
}

type DayTest = (day: CalendarDay) => boolean

/** @returns a test of a day's number since 1970 */
function dayTest(dom: string, month: string, dow: string): (dayNumber: number) => boolean {
  const months = valuesOf(withNumbers(month, MONTHS), 1, 12)
  const domTests = dom.split(',').map(dayOfMonthTest)
  const dowTests = withNumbers(dow, WEEKDAYS).split(',').map(dayOfWeekTest)
  const byStar = '*?'.includes(dom[0] ?? '') || '*?'.includes(dow[0] ?? '')
  const known = new Map<number, boolean>()
  return (dayNumber) => {
    const cached = known.get(dayNumber)
    if (cached !== undefined) return cached
    const day = calendarDay(dayNumber)
    const inMonth = domTests.some((test) => test(day))
    const inWeek = dowTests.some((test) => test(day))
    const isDay = months.has(day.month) && (byStar ? inMonth && inWeek : inMonth || inWeek)
    known.set(dayNumber, isDay)
    return isDay
  }
}

function withNumbers(field: string, names: readonly string[]): string {
  return field.replace(/[a-z]{3}/g, (name) => (names.includes(name) ? String(names.indexOf(name)) : name))
}

const calendar = new Map<number, CalendarDay>()

function calendarDay(dayNumber: number): CalendarDay {
  const known = calendar.get(dayNumber)
  if (known !== undefined) return known
  const today = new Date(dayNumber * DAY_MS)
  const weekdays = new Map<number, number>()
  for (let number = dayNumber - 31; number <= dayNumber + 31; number++) {
    const other = new Date(number * DAY_MS)
    if (other.getUTCMonth() === today.getUTCMonth()) weekdays.set(other.getUTCDate(), other.getUTCDay())
  }
  const workdays = [...weekdays].filter(([, weekday]) => weekday !== 0 && weekday !== 6).map(([date]) => date)
  const day = {
    date: today.getUTCDate(),
    month: today.getUTCMonth() + 1,
    weekday: today.getUTCDay(),
    weekdays,
    workdays,
  }
  calendar.set(dayNumber, day)
  return day
}

function dayOfMonthTest(item: string): DayTest {
  if (item === '?') return () => true
  if (item === 'l') return ({ date, weekdays }) => date === weekdays.size
  if (item === 'lw') return ({ date, workdays }) => date === Math.max(...workdays)
  if (item.startsWith('l-')) return ({ date, weekdays }) => date + Number(item.slice(2)) === weekdays.size
  if (item.endsWith('w')) {
    const wanted = Number(item.slice(0, -1))
    const distance = (date: number) => Math.abs(date - wanted)
    return ({ date, weekdays, workdays }) =>
      wanted <= weekdays.size && workdays.includes(date) && workdays.every((other) => distance(date) <= distance(other))
  }
  const dates = valuesOf(item, 1, 31)
  return ({ date }) => dates.has(date)
}

function dayOfWeekTest(item: string): DayTest {
  if (item === '?') return () => true
  const weekday = Number(item[0]) % 7
  if (item.endsWith('l')) return (day) => day.weekday === weekday && !day.weekdays.has(day.date + 7)
  if (item.includes('#')) return (day) => day.weekday === weekday && Math.ceil(day.date / 7) === Number(item[2])
  const values = valuesOf(item, 0, item.includes('-') && !/-7|7-/.test(item) ? 6 : 7)
  return (day) => values.has(day.weekday) || (day.weekday === 0 && values.has(7))
}

/** The numbers that a field of numbers names, by counting on from the first until the last is met. */
function valuesOf(field: string, first: number, last: number): Set<number> {
  const values = new Set<number>()
  for (const item of field.split(',')) {
    const [range = '', step = '1'] = item.split('/')
    const [from = first, to = range === '*' ? last : from] = range === '*' ? [] : range.split('-').map(Number)
    if (![from, to, Number(step)].every(Number.isInteger)) throw new Error(`The oracle cannot read ${item}.`)
    let value = from
    for (let count = 0; ; count++) {
      if (count % Number(step) === 0) values.add(value)
      if (value === to) break
      value = value === last ? first : value + 1
    }
  }
  return values
}
