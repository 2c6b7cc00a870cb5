/**
 * The same night again, with our tick in cron's place: a process for each minute that cron went through, with the clock and
 * the time zone that cron had. What it has put into the ledger in the end is compared.
 *
 * Not side by side with cron: a tick would take longer than one of cron's fast minutes.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { migrate } from '../../src/queue/migrate.ts'
import { slotsOf } from '../../src/queue/store/read-slot.ts'
import { openDriver } from '../../src/queue/url.ts'
import { fakeTime } from './night.ts'
import { minutesOf, type Night, type Probe } from './probes.ts'

export interface TickOptions {
  readonly directory: string
  readonly library: string
  readonly onMinute: (minutes: number) => void
  readonly signal: AbortSignal
}

export interface NightOfTicks {
  /** By probe the minutes in the ledger. */
  readonly ledger: readonly ReadonlySet<number>[]
  /** By probe the minutes for which its command ran, each as often as it did. */
  readonly ran: readonly (readonly number[])[]
}

const ROOT = resolve(import.meta.dirname, '../..')
const URL = 'sqlite:queue.db'
/** Cron starts its lines a second or two after the full minute. */
const LATE_MS = 1_000
const RAN = 'ran'
const MOST_SLOTS = 1_000_000

const run = promisify(execFile)

export async function tickThrough(
  night: Night,
  probes: readonly Probe[],
  { directory, library, onMinute, signal }: TickOptions,
): Promise<NightOfTicks> {
  makeProject(directory, probes)
  const db = await openDriver(URL, directory)
  try {
    await migrate(db)
    for (const [i, minute] of minutesOf(night).entries()) {
      const env = {
        ...{ HOME: directory, PATH: '/usr/bin:/bin', TZ: night.zone },
        ...{ LD_PRELOAD: library, FAKETIME: fakeTime(minute + LATE_MS), FAKETIME_FMT: '%s', FAKETIME_DONT_RESET: '1' },
      }
      const args = [join(ROOT, 'dist/bin/cron-mission.js'), '--wait']
      const { stdout, stderr } = await run(process.execPath, args, { cwd: directory, env, signal })
      if (stdout + stderr !== '')
        throw new Error(`the tick of ${new Date(minute).toISOString()} said: ${stdout}${stderr}`)
      onMinute(i + 1)
    }
    const slots = await slotsOf(db, {}, MOST_SLOTS)
    const runs = commandRuns(directory)
    return {
      ledger: probes.map((_, id) => new Set(slots.filter(({ job }) => job === jobId(id)).map(({ slotAt }) => slotAt))),
      ran: probes.map((_, id) => runs.filter(({ job }) => job === jobId(id)).map(({ slotAt }) => slotAt)),
    }
  } finally {
    await db.close()
  }
}

/** A slot of a queue that is empty is in the ledger all the same. */
function makeProject(directory: string, probes: readonly Probe[]): void {
  const command = JSON.stringify(['/bin/sh', '-c', `echo "$JOB_ID $JOB_SLOT" >>${RAN}`])
  const jobs = probes.map(({ text, runs }, id) => {
    const work = runs === true ? `exec: ${command}` : `queue: '${jobId(id)}'`
    return `    '${jobId(id)}': { when: cron('${text}'), ${work} },\n`
  })
  const schedule = `import { cron, defineSchedule } from 'cron-mission'

export default defineSchedule({
  timezone: 'system',
  jobs: {
${jobs.join('')}  },
})
`
  mkdirSync(join(directory, 'node_modules'), { recursive: true })
  symlinkSync(ROOT, join(directory, 'node_modules', 'cron-mission'))
  mkdirSync(join(directory, 'tasks'))
  writeFileSync(join(directory, 'schedule.ts'), schedule)
  writeFileSync(join(directory, '.env'), `QUEUE_URL=${URL}\n`)
}

function commandRuns(directory: string): { job: string; slotAt: number }[] {
  const file = join(directory, RAN)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const [job = '', slot = ''] = line.split(' ')
    return { job, slotAt: Date.parse(slot) }
  })
}

function jobId(id: number): string {
  return `line-${id}`
}
