/**
 * `npm run test:dst`: the four nights of 2026 in which the clocks of New York and Berlin change, under Debian's own cron.
 *
 *     npm run test:dst                    seven minutes or so
 *     npm run test:dst -- --speed 30      for a machine that has other things to do
 *
 * Three hours of each night pass at sixty times the speed, while cron runs fifty lines; then our tick goes through the same
 * minutes, a process each. What cron ran, what our evaluator says, what the ledger holds and what the commands of jobs ran
 * must be the same in every minute. Where cron's rule is another than ours, the line says so in `dst/probes.ts`; those are
 * printed. Run by a person, as root, on a machine that may mount: cron and libfaketime are installed with apt-get, and cron
 * sees no crontab but ours.
 *
 * Exits 1 when anything else differs, and 77 where it cannot be run.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { progressBar } from '../src/bin/progress.ts'
import { runNight } from './dst/night.ts'
import { MINUTES, NIGHTS, type Night, PROBES } from './dst/probes.ts'
import { tickThrough } from './dst/ticks.ts'
import { judge, type Verdict } from './dst/verdict.ts'
import { makeDirectory } from './helpers/cleanup.ts'
import { type Keeper, keep } from './helpers/keeper.ts'
import { findProgram, isRoot } from './helpers/server-program.ts'

const USAGE = 64
const SKIPPED = 77

const run = promisify(execFile)
const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => interruption.abort(name))

try {
  process.exitCode = await main()
} catch (error) {
  const { signal } = interruption
  console.error(`test:dst: ${signal.aborted ? `ended by ${signal.reason}` : (error as Error).message}`)
  process.exitCode = 1
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { speed: { type: 'string', default: '60' } } })
  const speed = Number(values.speed)
  if (!(speed >= 1 && speed <= 120)) {
    console.error('test:dst: --speed is how many times faster than real time, from 1 to 120.')
    return USAGE
  }
  const reason = await whyNotHere()
  const library = findLibrary()
  if (reason !== undefined || library === undefined) {
    console.error(`test:dst: skipped. ${reason ?? 'libfaketime.so.1 is not where Debian has it.'}`)
    return SKIPPED
  }
  const directory = makeDirectory()
  const keeper = keep(directory)
  try {
    return await compareNights(keeper, directory, library, speed)
  } finally {
    await keeper.close()
  }
}

async function compareNights(keeper: Keeper, directory: string, library: string, speed: number): Promise<number> {
  const { signal } = interruption
  const places = NIGHTS.map((_, index) => join(directory, `night-${index}`))
  for (const place of places) mkdirSync(place, { recursive: true })

  console.log(`${PROBES.length} lines in ${NIGHTS.length} nights under Debian's cron, ${speed} times as fast`)
  const underCron = await sideBySide('cron', places, (night, place, onMinute) =>
    runNight(night, PROBES, { keeper, directory: place, library, speed, onMinute, signal }),
  )
  console.log('The same minutes with our tick, a process each')
  const ticks = await sideBySide('ticks', places, (night, place, onMinute) =>
    tickThrough(night, PROBES, { directory: join(place, 'project'), library, onMinute, signal }),
  )
  return report(underCron.map((runs, i) => judge(runs, PROBES, ticks[i] ?? { ledger: [], ran: [] })))
}

async function sideBySide<Result>(
  label: string,
  places: readonly string[],
  pass: (night: Night, place: string, onMinute: (minutes: number) => void) => Promise<Result>,
): Promise<Result[]> {
  const bar = progressBar(label)
  const passed = NIGHTS.map(() => 0)
  const all = NIGHTS.map((night, i) =>
    pass(night, places[i] ?? '', (minutes) => {
      passed[i] = minutes
      const sum = passed.reduce((one, other) => one + other)
      bar.update(sum, NIGHTS.length * MINUTES)
    }),
  )
  try {
    return await Promise.all(all)
  } finally {
    bar.end()
  }
}

function report(verdicts: readonly Verdict[]): number {
  console.log(row('night', 'minutes', "cron's runs", 'our slots', 'deviations', 'differences'))
  verdicts.forEach(({ cronRuns, ourRuns, deviations, differences }, i) => {
    const figures = [MINUTES, cronRuns, ourRuns, deviations.length, differences.length]
    console.log(row(NIGHTS[i]?.name ?? '', ...figures.map(String)))
  })
  for (const [title, key] of [
    [
      '\nDeviations, as documented: cron makes up for each time of a gap, a job of ours for all of them at once.',
      'deviations',
    ],
    ['\nDIFFERENCES', 'differences'],
  ] as const) {
    const lines = verdicts.flatMap((verdict, i) => verdict[key].map((line) => `  ${NIGHTS[i]?.name.padEnd(18)}${line}`))
    if (lines.length > 0) console.log([title, ...lines].join('\n'))
  }
  const isEqual = verdicts.every(({ differences }) => differences.length === 0)
  console.log(isEqual ? '\nThe ledger equals what cron ran.' : '\nThe ledger is NOT what cron ran.')
  return isEqual ? 0 : 1
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(20) + cells.map((cell) => cell.padStart(13)).join('')
}

/** @returns a sentence, when it cannot be run on this machine; programs that are missing are installed */
async function whyNotHere(): Promise<string | undefined> {
  if (!isRoot()) return 'Only root may run a cron daemon: run it as root, in a container or on a machine of your own.'
  const missing = [
    ...(findProgram('cron') === undefined ? ['cron'] : []),
    ...(findLibrary() === undefined ? ['libfaketime'] : []),
  ]
  if (missing.length > 0) {
    if (findProgram('apt-get') === undefined) return `It needs ${missing.join(' and ')} of a Debian, which this is not.`
    await install(missing)
  }
  const mayMount = run('unshare', ['-m', 'mount', '--bind', '/dev/null', '/etc/crontab'])
  return mayMount.then(
    () => undefined,
    () => 'Mounts are not allowed here, so cron would see the crontabs of this machine.',
  )
}

async function install(packages: readonly string[]): Promise<void> {
  console.log(`Installing ${packages.join(' and ')} with apt-get.`)
  const once = () => run('apt-get', ['install', '-y', '--no-install-recommends', ...packages])
  await once().catch(() => run('apt-get', ['update']).then(once))
}

/** Debian keeps it in a directory that is named for the processor. */
function findLibrary(): string | undefined {
  const places = readdirSync('/usr/lib').map((name) => join('/usr/lib', name, 'faketime', 'libfaketime.so.1'))
  return places.find((place) => existsSync(place))
}
