/**
 * `npm run test:cron`: thousands of random cron lines, twelve zones, ten years. What the evaluator says must be what the
 * brute-force oracle finds, in all of it, and what croner says, where croner reads a line as crontab(5) does.
 *
 *     npm run test:cron                                               all of it, on every core; 20 minutes or so on two
 *     npm run test:cron -- --seed 4711 --expressions 200 --years 2    less of it
 *     npm run test:cron -- --cron '30 2 * * *' --zone Europe/Berlin   one line in one zone
 *
 * Exits 1 when there is any disagreement; each is printed with the command that shows it again.
 */

import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { grouped } from '../src/amount.ts'
import { progressBar } from '../src/bin/progress.ts'
import { compileCron } from '../src/schedule/calendar/cron-expression.ts'
import { isZone } from '../src/time/zone.ts'
import { type Disagreement, NO_TALLY, type Tally } from './schedule/calendar/compare.ts'
import type { Message, Work } from './schedule/calendar/differential-worker.ts'
import { Random, randomCron, randomPlainCron } from './schedule/calendar/random-cron.ts'

const FIRST_YEAR = 2020
const USAGE = 64
const SHOWN = 20

/** Each changes its clocks in a way of its own; Casey three hours at a minute past midnight, Apia for the last time in 2021. */
const ZONES = [
  'America/New_York',
  'Europe/Berlin',
  'Europe/Dublin',
  'Australia/Lord_Howe',
  'America/Havana',
  'Africa/Cairo',
  'America/Santiago',
  'Africa/Casablanca',
  'Antarctica/Troll',
  'Antarctica/Casey',
  'Pacific/Apia',
  'Asia/Beirut',
]

/** What lines often name: the hours, days and months at which somewhere clocks change. */
const NEAR_CHANGES = { hours: [0, 1, 2, 3, 23], days: [1, 7, 8, 25, 28, 29, 30, 31], months: [2, 3, 4, 9, 10, 11] }

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`test:cron: ${(error as Error).message}`)
  process.exitCode = 1
}

async function main(): Promise<number> {
  const options = readOptions()
  if (typeof options === 'string') {
    console.error(`test:cron: ${options}`)
    return USAGE
  }
  const { seed, texts, zones, years } = options
  console.log(
    `${grouped(texts.length)} cron lines in ${zones.length} zones from ${FIRST_YEAR} to ${FIRST_YEAR + years - 1}, --seed ${seed}, time zones of ${process.versions.tz}`,
  )
  const began = performance.now()
  const { tally, disagreements } = await compareAll({ texts, zones, years, firstYear: FIRST_YEAR })
  report(tally, performance.now() - began)

  for (const { text, zone, sentence } of disagreements.slice(0, SHOWN)) {
    console.log(`DISAGREEMENT ${text} in ${zone}: ${sentence}`)
    console.log(`  npm run test:cron -- --cron '${text}' --zone ${zone} --years ${years}`)
  }
  console.log(`${grouped(disagreements.length)} disagreements`)
  return disagreements.length === 0 ? 0 : 1
}

/** @returns a sentence when they are wrong */
function readOptions() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
      expressions: { type: 'string', default: '2000' },
      years: { type: 'string', default: '10' },
      cron: { type: 'string' },
      zone: { type: 'string' },
    },
  })
  const [seed = 0, expressions = 0, years = 0] = [values.seed, values.expressions, values.years].map(Number)
  if (!Number.isInteger(seed)) return '--seed is a whole number.'
  if (!Number.isInteger(expressions) || expressions < 1) return '--expressions is how many, 1 or more.'
  if (!Number.isInteger(years) || years < 1) return '--years is how many, 1 or more.'
  if (values.zone !== undefined && !isZone(values.zone)) return `--zone ${values.zone} is no time zone.`
  return {
    seed,
    years,
    texts: values.cron === undefined ? randomTexts(seed, expressions) : [compileCron(values.cron).text],
    zones: values.zone === undefined ? ZONES : [values.zone],
  }
}

/** A third of them is plain, so that croner has something to say. */
function randomTexts(seed: number, expressions: number): string[] {
  const random = new Random(seed)
  return Array.from({ length: expressions }, (_, i) =>
    i % 3 === 0 ? randomPlainCron(random, NEAR_CHANGES) : randomCron(random, NEAR_CHANGES),
  )
}

async function compareAll(work: Omit<Work, 'taken'>): Promise<{ tally: Tally; disagreements: Disagreement[] }> {
  const tally = { ...NO_TALLY }
  const disagreements: Disagreement[] = []
  const bar = progressBar('comparing')
  let compared = 0
  const hear = (message: Message) => {
    if (message.kind === 'compared') {
      disagreements.push(...message.disagreements)
      bar.update(++compared, work.texts.length * work.zones.length)
      return
    }
    bar.end()
    console.log(
      `  ${message.zone.padEnd(20)} ${grouped(message.tally.dueMinutes).padStart(12)} due minutes, ${Math.round(message.ms / 1_000)} s`,
    )
    for (const key of Object.keys(tally) as (keyof Tally)[]) tally[key] += message.tally[key]
  }

  const taken = new SharedArrayBuffer(4)
  const threads = Array.from({ length: Math.min(work.zones.length, availableParallelism()) }, () => {
    const url = new URL('./schedule/calendar/differential-worker.ts', import.meta.url)
    const worker = new Worker(url, { workerData: { ...work, taken } satisfies Work })
    worker.on('message', hear)
    return once(worker, 'exit')
  })
  await Promise.all(threads)
  bar.end()
  return { tally, disagreements }
}

function report(tally: Tally, ms: number): void {
  const micros = (spent: number, calls: number) => `${((spent * 1_000) / Math.max(1, calls)).toFixed(2)} µs each`
  print(
    'due minutes, found by nextDue and no others',
    grouped(tally.dueMinutes),
    micros(tally.nextDueMs, tally.nextDueCalls),
  )
  print('and by occurrences', grouped(tally.dueMinutes), micros(tally.occurrencesMs, tally.dueMinutes))
  print('minutes that dueAt was asked about', grouped(tally.dueAtCalls), micros(tally.dueAtMs, tally.dueAtCalls))
  print('times that croner reads a line as we do', grouped(tally.cronerExpressions))
  print('runs compared with it, at changes of clocks', grouped(tally.cronerRuns))
  print('seconds', grouped(Math.round(ms / 1_000)))
}

function print(name: string, value: string, note = ''): void {
  console.log(`  ${name.padEnd(46)}${value.padStart(14)}   ${note}`)
}
