/**
 * Random cron expressions in windows where clocks change, against two judges: the brute-force oracle, which must agree in
 * every minute, and croner, where it reads an expression as crontab(5) does.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { compileCron } from '../../../src/schedule/calendar/cron-expression.ts'
import { dueAt, nextDue } from '../../../src/schedule/calendar/due.ts'
import { occurrences } from '../../../src/schedule/calendar/occurrences.ts'
import { cron as cronWord } from '../../../src/schedule/language/when.ts'
import { cronerOf } from './croner-of.ts'
import { LOOK_BACK_MINUTES, oracleDue, type WallClock, wallClock } from './oracle.ts'
import { EFFORT, type Nearby, Random, randomCron, randomPlainCron, SEED } from './random-cron.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * Each jumps in its own way: by half an hour, two hours, three hours at a minute past midnight, at midnight, twice around
 * Ramadan, with a winter that counts as daylight saving, until 2021 only, or never.
 */
const ZONES = [
  'America/New_York',
  'Europe/Berlin',
  'Europe/Dublin',
  'Australia/Lord_Howe',
  'America/Havana',
  'Africa/Cairo',
  'America/Santiago',
  'Asia/Beirut',
  'Africa/Casablanca',
  'Antarctica/Troll',
  'Antarctica/Casey',
  'Atlantic/Azores',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Asia/Kolkata',
]

for (const [index, zone] of ZONES.entries()) {
  test(`random expressions in ${zone} are due when the oracle says (SEED=${SEED})`, () => {
    const random = new Random(SEED + index)
    for (let round = 0; round < 4 * EFFORT; round++) compareInWindow(random, zone, 25)
  })
}

test(`random expressions in random zones are due when the oracle says (SEED=${SEED})`, () => {
  const random = new Random(SEED)
  const zones = Intl.supportedValuesOf('timeZone')
  for (let round = 0; round < 20 * EFFORT; round++) compareInWindow(random, random.pick(zones), 5)
})

test(`plain random expressions are due when croner says (SEED=${SEED})`, () => {
  const random = new Random(SEED)
  for (let round = 0; round < 15 * EFFORT; round++) {
    const zone = random.pick(ZONES)
    const window = wallClock(zone, ...randomWindow(random, zone))
    const minutes = minutesOf(window)

    for (let count = 0; count < 5; count++) {
      const text = randomPlainCron(random, nearby(window))
      const cron = tryCompile(text)
      if (cron === undefined) continue
      const second = cronerOf(text, zone)
      assert.ok(second !== undefined, `croner refuses ${text}, or reads it in its own way`)

      const ours = walk(minutes, (from) => nextDue(cron, zone, from))

      const theirs = walk(minutes, (from) => second.nextRun(new Date(from))?.getTime())
      assertSame(ours, theirs, `${text} in ${zone}`)
    }
  }
})

function compareInWindow(random: Random, zone: string, expressions: number): void {
  const window = wallClock(zone, ...randomWindow(random, zone))
  const minutes = minutesOf(window)
  for (let count = 0; count < expressions; count++) {
    const text = randomCron(random, nearby(window))
    const expected = oracleDue(text, window).map((i) => window.from + i * MINUTE_MS)
    const cron = tryCompile(text)
    if (cron === undefined) {
      assert.deepEqual(expected, [], `${text} was refused as never due`)
      continue
    }
    const judged = minutes.filter((at) => dueAt(cron, zone, at) !== undefined)
    const walked = walk(minutes, (from) => nextDue(cron, zone, from))
    const enumerated = [...occurrencesOf(text, zone, minutes)]

    assertSame(judged, expected, `dueAt of ${text} in ${zone}`)
    assertSame(walked, expected, `nextDue of ${text} in ${zone}`)
    assertSame(enumerated, expected, `occurrences of ${text} in ${zone}`)
  }
}

/** Two days or so around a moment at which the clocks of `zone` change; around a month's end where they never do. */
function randomWindow(random: Random, zone: string): [from: number, to: number] {
  const year = random.between(2020, 2030)
  const jumps = [...daysOf(year)].filter((day) => wallOf(zone, day) - wallOf(zone, day + DAY_MS) !== -DAY_MS)
  const middle =
    jumps.length > 0 && random.between(0, 5) > 0 ? random.pick(jumps) : Date.UTC(year, random.between(1, 12), 0)
  return [middle - DAY_MS, middle + 2 * DAY_MS]
}

function* daysOf(year: number): Iterable<number> {
  for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += DAY_MS) yield day
}

function wallOf(zone: string, at: number): number {
  return (wallClock(zone, at, at).walls[0] ?? 0) * MINUTE_MS
}

/** Those that the oracle judges. */
function minutesOf({ from, walls }: WallClock): number[] {
  return [...walls.keys()].slice(LOOK_BACK_MINUTES).map((i) => from + i * MINUTE_MS)
}

/** The hours, dates and months next to where the window's clock jumps. */
function nearby({ walls }: WallClock): Nearby {
  const jump = walls.find((wall, i) => i > 0 && wall !== (walls[i - 1] ?? 0) + 1) ?? walls[1_440] ?? 0
  const dates = [-120, -60, 0, 60].map((minutes) => new Date((jump + minutes) * MINUTE_MS))
  return {
    hours: dates.map((date) => date.getUTCHours()),
    days: dates.map((date) => date.getUTCDate()),
    months: dates.map((date) => date.getUTCMonth() + 1),
  }
}

function tryCompile(text: string) {
  try {
    return compileCron(text)
  } catch (error) {
    assert.match(String(error), /never comes/)
    return undefined
  }
}

function occurrencesOf(text: string, zone: string, minutes: readonly number[]): Generator<number> {
  const job = { when: [cronWord(text)], except: [], timezone: zone }
  return occurrences(job, (minutes[0] ?? 0) - MINUTE_MS, minutes.at(-1) ?? 0)
}

/** Every result of `next` from the first to the last of `minutes`. */
function walk(minutes: readonly number[], next: (from: number) => number | undefined): number[] {
  const [first = 0] = minutes
  const last = minutes.at(-1) ?? 0
  const found: number[] = []
  let at = next(first - MINUTE_MS)
  while (at !== undefined && at <= last) {
    found.push(at)
    at = next(at)
  }
  return found
}

/** Minutes are only made readable when they differ: that takes longer than all else. */
function assertSame(found: readonly number[], expected: readonly number[], what: string): void {
  if (found.length === expected.length && found.every((at, i) => at === expected[i])) return
  const readable = (minutes: readonly number[]) => minutes.map((at) => new Date(at).toISOString())
  assert.deepEqual(readable(found), readable(expected), what)
}
