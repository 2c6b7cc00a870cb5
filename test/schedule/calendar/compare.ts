/**
 * One expression in one zone over years: what the evaluator says against the two judges.
 *
 * `nextDue` and `occurrences` must find each due minute of the oracle and no other, so they are compared on all of them.
 * `dueAt` is asked where it can go wrong: at each due minute, and at all minutes of two days around each change of the
 * clocks; at every minute of the years where that is wanted, which takes longer than all else.
 */
import { type CronExpression, compileCron } from '../../../src/schedule/calendar/cron-expression.ts'
import { dueAt, nextDue } from '../../../src/schedule/calendar/due.ts'
import { occurrences } from '../../../src/schedule/calendar/occurrences.ts'
import { cron as cronWord } from '../../../src/schedule/language/when.ts'
import { cronerOf } from './croner-of.ts'
import { LOOK_BACK_MINUTES, oracleDue, type WallClock, wallClock } from './oracle.ts'

export interface ZoneYears {
  readonly zone: string
  readonly clock: WallClock
  /** The minutes since `clock.from` in which the clock goes forward or back. */
  readonly changes: readonly number[]
}

/** What was compared, and how long our side of it took. */
export interface Tally {
  dueMinutes: number
  dueAtCalls: number
  dueAtMs: number
  nextDueCalls: number
  nextDueMs: number
  occurrencesMs: number
  cronerRuns: number
  /** Expressions that croner reads as we do. */
  cronerExpressions: number
}

export interface Disagreement {
  readonly text: string
  readonly zone: string
  /** The first minute in which the two differ. */
  readonly sentence: string
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
const RUNS_AT_A_CHANGE = 12
const MINUTES_BEFORE_A_CHANGE = 240

export const NO_TALLY: Tally = {
  dueMinutes: 0,
  dueAtCalls: 0,
  dueAtMs: 0,
  nextDueCalls: 0,
  nextDueMs: 0,
  occurrencesMs: 0,
  cronerRuns: 0,
  cronerExpressions: 0,
}

export function zoneYears(zone: string, firstYear: number, years: number): ZoneYears {
  const from = Date.UTC(firstYear, 0, 1) - LOOK_BACK_MINUTES * MINUTE_MS
  const clock = wallClock(zone, from, Date.UTC(firstYear + years, 0, 1) - MINUTE_MS)
  const changes: number[] = []
  clock.walls.forEach((wall, i) => {
    if (i > 0 && wall !== (clock.walls[i - 1] ?? 0) + 1) changes.push(i)
  })
  return { zone, clock, changes }
}

/** @param everyMinute  `dueAt` is asked about each minute of the years */
export function compare(text: string, years: ZoneYears, everyMinute: boolean, tally: Tally): Disagreement[] {
  const { zone, clock } = years
  const expected = oracleDue(text, clock)
  tally.dueMinutes += expected.length
  const cron = compileOrNever(text)
  const sentences =
    cron === undefined
      ? [expected.length === 0 ? undefined : 'compileCron says that it never comes, the oracle that it does']
      : [
          compareNextDue(cron, years, expected, tally),
          compareOccurrences(cron, years, expected, tally),
          compareDueAt(cron, years, expected, everyMinute, tally),
          compareWithCroner(cron, years, tally),
        ]
  return sentences.filter((sentence) => sentence !== undefined).map((sentence) => ({ text, zone, sentence }))
}

function compileOrNever(text: string): CronExpression | undefined {
  try {
    return compileCron(text)
  } catch (error) {
    if (String(error).includes('never comes')) return undefined
    throw error
  }
}

function compareNextDue(cron: CronExpression, { zone, clock }: ZoneYears, expected: number[], tally: Tally) {
  const began = performance.now()
  let at = clock.from + (LOOK_BACK_MINUTES - 1) * MINUTE_MS
  let wrong: string | undefined
  for (let k = 0; k <= expected.length && wrong === undefined; k++) {
    const i = expected[k] ?? clock.walls.length
    const next = nextDue(cron, zone, at) ?? Number.POSITIVE_INFINITY
    const judged = clock.from + i * MINUTE_MS
    const isPastTheEnd = i === clock.walls.length && next >= judged
    if (next !== judged && !isPastTheEnd)
      wrong = `nextDue after ${utc(at)} is ${utc(next)}, the oracle has ${utc(judged)}`
    at = next
  }
  tally.nextDueCalls += expected.length + 1
  tally.nextDueMs += performance.now() - began
  return wrong
}

function compareOccurrences(cron: CronExpression, { zone, clock }: ZoneYears, expected: number[], tally: Tally) {
  const began = performance.now()
  const from = clock.from + (LOOK_BACK_MINUTES - 1) * MINUTE_MS
  const to = clock.from + (clock.walls.length - 1) * MINUTE_MS
  const job = { when: [cronWord(cron.text)], except: [], timezone: zone }
  let wrong: string | undefined
  let k = 0
  for (const at of occurrences(job, from, to)) {
    const judged = clock.from + (expected[k++] ?? Number.POSITIVE_INFINITY) * MINUTE_MS
    if (at !== judged) wrong ??= `occurrences has ${utc(at)}, the oracle ${utc(judged)}`
  }
  if (k !== expected.length) wrong ??= `occurrences has ${k} minutes, the oracle ${expected.length}`
  tally.occurrencesMs += performance.now() - began
  return wrong
}

function compareDueAt(
  cron: CronExpression,
  { zone, clock, changes }: ZoneYears,
  expected: readonly number[],
  everyMinute: boolean,
  tally: Tally,
): string | undefined {
  const isDue = new Uint8Array(clock.walls.length)
  for (const i of expected) isDue[i] = 1
  let wrong: number | undefined
  const ask = (i: number) => {
    if ((dueAt(cron, zone, clock.from + i * MINUTE_MS) !== undefined) !== (isDue[i] === 1)) wrong ??= i
    tally.dueAtCalls++
  }
  const began = performance.now()
  if (everyMinute) {
    for (let i = LOOK_BACK_MINUTES; i < clock.walls.length; i++) ask(i)
  } else {
    for (const i of expected) ask(i)
    for (const change of changes) {
      const first = Math.max(LOOK_BACK_MINUTES, change - DAY_MINUTES)
      for (let i = first; i < change + DAY_MINUTES && i < clock.walls.length; i++) ask(i)
    }
  }
  tally.dueAtMs += performance.now() - began
  if (wrong === undefined) return undefined
  return `dueAt ${utc(clock.from + wrong * MINUTE_MS)} is ${isDue[wrong] === 1 ? 'not due' : 'due'}, the oracle says otherwise`
}

/** Only where the clocks change: croner takes a hundred times as long as we do. */
function compareWithCroner(cron: CronExpression, { zone, clock, changes }: ZoneYears, tally: Tally) {
  const croner = cronerOf(cron.text, zone)
  if (croner === undefined) return undefined
  tally.cronerExpressions++
  for (const change of changes) {
    let at = clock.from + (change - MINUTES_BEFORE_A_CHANGE) * MINUTE_MS
    for (let run = 0; run < RUNS_AT_A_CHANGE; run++) {
      const ours = nextDue(cron, zone, at)
      const theirs = croner.nextRun(new Date(at))?.getTime()
      tally.cronerRuns++
      if (ours !== theirs) return `nextDue after ${utc(at)} is ${utc(ours)}, croner has ${utc(theirs)}`
      if (ours === undefined || ours > clock.from + (change + DAY_MINUTES) * MINUTE_MS) break
      at = ours
    }
  }
  return undefined
}

function utc(at: number | undefined): string {
  return at === undefined || !Number.isFinite(at) ? 'never' : `${new Date(at).toISOString().slice(0, 16)}Z`
}
