/**
 * A simulation for a person: the jobs, what starts together, when the machine is busy, what the clocks do.
 */
import { amount, grouped } from '../../../amount.ts'
import { timeOfDay } from '../../../schedule/calendar/clock-changes.ts'
import type { ClockEffects, SimulatedJob } from '../../../schedule/calendar/simulate.ts'
import { minuteText } from '../../../time/time-text.ts'
import { localDay } from '../../../time/zone.ts'
import { type Column, table } from '../../table.ts'
import type { Played, Unforeseen } from './simulate.ts'

const BARS = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const MOST_NAMES = 8

const UNFORESEEN: Readonly<Record<Unforeseen['what'], string>> = {
  onlyIf: 'onlyIf is asked each time',
  shards: 'a function says how many shards (counted as one here)',
  enqueue: 'a function says which tasks are added',
  maxLoad: 'maxLoad keeps it back while the machine has too much to do',
}

export function simulationText(played: Played): string {
  const { simulation, from, to, zone } = played
  const { jobs, starts, clocks } = simulation
  const title = `${minuteText(zone, from)} to ${minuteText(zone, to)}, ${zone}: ${amount(jobs.length, 'job')}, ${amount(starts, 'start')}.`
  const blocks = [
    `${title}\n`,
    jobTable(played),
    togetherTable(played),
    `${loadSentence(played)}\n`,
    starts === 0 ? '' : charts(played),
    clocks.length === 0 ? '' : `The clocks change:\n${clocks.map((change) => `  ${clockText(change)}\n`).join('')}`,
    unforeseenText(played),
  ]
  return blocks.filter((block) => block !== '').join('\n')
}

function jobTable({ simulation: { jobs }, zone, next }: Played): string {
  const at = (time: number | undefined) => (time === undefined ? '-' : minuteText(zone, time))
  const columns: readonly (string | Column)[] = [
    { title: 'JOB', least: 10 },
    'STARTS',
    'FIRST',
    'LAST',
    'NEXT FROM NOW',
    { title: 'NOTE', least: 4 },
  ]
  return table(
    columns,
    jobs.map((one) => [
      one.job.id,
      one.job.always ? 'always' : grouped(one.runs),
      at(one.first),
      at(one.last),
      at(next.get(one.job.id)),
      noteText(one, zone),
    ]),
  )
}

function noteText({ job, runs }: SimulatedJob, zone: string): string {
  const notes = [
    ...(job.paused === undefined ? [] : [`paused, and not counted below: ${job.paused}`]),
    ...(job.after === undefined || runs === 0 ? [] : [`at most, after ${job.after.job}`]),
    ...(job.timezone === zone ? [] : [`its clock is that of ${job.timezone}`]),
    ...(job.hosts === 'each' ? ['on each host'] : []),
  ]
  return notes.join('; ')
}

function togetherTable({ simulation: { together }, zone }: Played): string {
  if (together.length === 0) return 'No two jobs start in the same minute.\n'
  const rows = together.map(({ jobs, shards, minutes, first }) => [
    String(jobs.length),
    String(shards),
    grouped(minutes),
    minuteText(zone, first),
    names(jobs),
  ])
  return `Most jobs in one minute:\n${table(['JOBS', 'SHARDS', 'MINUTES', 'THE FIRST', { title: 'WHICH', least: 20 }], rows)}`
}

function loadSentence({ simulation: { shards, minutes, quietMinutes } }: Played): string {
  const quiet = `${Math.floor((quietMinutes / minutes) * 100)} % of the minutes start nothing`
  const always = shards.always === 0 ? '' : ` Besides, ${amount(shards.always, 'shard')} are always at work.`
  return `Shards and commands that may start in one minute: ${shards.most} at most, ${shards.average.toFixed(1)} on average; ${quiet}.${always}`
}

function charts({ simulation: { byMinute, byHour }, zone }: Played): string {
  return [
    `Starts by the minute of the hour, ${grouped(Math.max(...byMinute))} at most:`,
    `  ${bars(byMinute, 1)}`,
    `  ${[0, 10, 20, 30, 40, 50].map((minute) => `:${String(minute).padStart(2, '0')}`.padEnd(10)).join('')}`.trimEnd(),
    '',
    `Starts by the hour of the day (${zone}), ${grouped(Math.max(...byHour))} at most:`,
    `  ${bars(byHour, 2)}`,
    `  ${[0, 4, 8, 12, 16, 20].map((hour) => String(hour).padStart(2, '0').padEnd(8)).join('')}`.trimEnd(),
    '',
  ].join('\n')
}

/** One bar for each number; what is there at all is seen. */
function bars(numbers: readonly number[], width: number): string {
  const most = Math.max(1, ...numbers)
  return numbers.map((number) => (BARS[Math.ceil((number / most) * (BARS.length - 1))] ?? '').repeat(width)).join('')
}

/** `2026-03-29 02:00 → 03:00 Europe/Berlin: nightly runs at 03:00 because 02:30 does not exist; …` */
function clockText({ at, before, after, zone, madeUp, firstOnly, twice }: ClockEffects): string {
  const end = timeOfDay(at + after)
  const effects = [
    ...madeUp.map(
      ({ job, skipped }) =>
        `${job} runs at ${end} because ${skipped.join(', ')} ${skipped.length === 1 ? 'does' : 'do'} not exist`,
    ),
    ...firstOnly.map(({ job, times }) => `${job} runs at the first ${times.join(', ')} only`),
    ...(twice.length === 0
      ? []
      : [`${names(twice)} ${twice.length === 1 ? 'runs' : 'run'} in both passes of the hour`]),
  ]
  const change = `${localDay(zone, at)} ${timeOfDay(at + before)} → ${end} ${zone}`
  return `${change}: ${effects.length === 0 ? 'no job is due in between' : effects.join('; ')}.`
}

function unforeseenText({ unforeseen }: Played): string {
  if (unforeseen.length === 0) return ''
  const lines = unforeseen.map(
    ({ what, jobs, starts }) => `  ${UNFORESEEN[what]}: ${names(jobs)} (${amount(starts, 'start')})`,
  )
  return `What cannot be foreseen:\n${lines.map((line) => `${line}\n`).join('')}`
}

function names(jobs: readonly string[]): string {
  const more = jobs.length - MOST_NAMES
  return more > 1 ? `${jobs.slice(0, MOST_NAMES).join(', ')} and ${more} more` : jobs.join(', ')
}
