/**
 * What a minute costs in which nothing is due: `cron-mission` as crontab runs it, against `node -e 0`.
 *
 * Most minutes of most schedules are such minutes, on every host, all year. A bare Node is the rival because no program of
 * Node's can cost less; a bare PHP stands beside it. What is compared is CPU, user and system; the database server's is not
 * in it. Beside that stands the minute in which a job starts ten shards, to their end, against ten bare Nodes.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { localTime } from '../src/time/zone.ts'
import { findProgram } from '../test/helpers/server-program.ts'
import { type Comparison, comparisonText } from './comparison.ts'
import { versionOf } from './machine.ts'
import { directories, OUR_BUILD, readOptions, whole } from './options.ts'
import type { Found } from './report.ts'
import { type Contender, cpuOf, nameOf, nodes, repeated, type StartProject, withProjects } from './start-projects.ts'

interface Options {
  readonly rounds: number
  /** Runs that are measured together. */
  readonly runs: number
  /** The dist/ directories of other builds. */
  readonly compare: readonly string[]
}

const JOBS = 20
const SHARDS = 10
const ZONE = 'Europe/Berlin'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const NODE = 'node -e 0'
const TEN_NODES = `${SHARDS} × ${NODE}`
const PHP = findProgram('php')

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, { rounds: whole(15), runs: whole(10), compare: directories() })
  const { rounds } = options
  const comparisons = await withProjects(async (projects) => {
    for (const project of projects) writeSchedules(project)
    const idle: Comparison = {
      ...{ id: 'nothing-due', title: `A tick that finds nothing due, ${JOBS} jobs` },
      ...{ unit: 'CPU ms', better: 'less', rival: NODE },
      sides: await cpuOf(idleTicks(projects, options), rounds),
      goals: [
        { side: 'SQLite', atMost: 1.35 },
        { side: 'MariaDB', atMost: 2.5 },
      ],
    }
    for (const project of projects) await requireNothingStarted(project)
    const shards: Comparison = {
      ...{ id: 'ten-shards', title: `A tick that starts ${SHARDS} shards, one task each, to their end` },
      ...{ unit: 'CPU ms', better: 'less', rival: TEN_NODES },
      sides: await cpuOf(shardTicks(projects, options), Math.ceil(rounds / 3)),
    }
    return [idle, shards]
  })
  process.stdout.write(comparisons.map(comparisonText).join(''))
  return { options, comparisons, ...(PHP === undefined ? {} : { versions: { php: versionOf(PHP) } }) }
}

function idleTicks(projects: readonly StartProject[], { runs, compare }: Options): Contender[] {
  const php: Contender[] =
    PHP === undefined
      ? []
      : [{ name: "php -r ''", ours: false, directory: '/', command: () => repeated(runs, [PHP, '-r', '']), runs }]
  const ticks = projects.flatMap(({ database, directory }) =>
    [OUR_BUILD, ...compare].map((build) => ({
      name: nameOf(database, build),
      ours: true,
      directory,
      command: () => repeated(runs, [process.execPath, join(build, 'bin/cron-mission.js')]),
      runs,
    })),
  )
  return [{ ...nodes(runs, NODE), runs }, ...php, ...ticks]
}

/** Each tick is of a minute of its own and finds one task in every shard. */
function shardTicks(projects: readonly StartProject[], { compare }: Options): Contender[] {
  const ticks = projects.flatMap(({ database, directory, db }) =>
    [OUR_BUILD, ...compare].map((build) => ({
      name: nameOf(database, build),
      ours: true,
      directory,
      prepare: async () => {
        for (let bucket = 0; bucket < SHARDS; bucket++)
          await db.run(`INSERT INTO queue (task, queue, bucket) VALUES ('nothing', 'mail', ?)`, [bucket])
      },
      command: () => [
        ...[process.execPath, join(build, 'bin/cron-mission.js')],
        ...['--schedule', 'shards.ts', '--wait', '--at', new Date(nextMinute()).toISOString()],
      ],
      runs: 1,
    })),
  )
  return [nodes(SHARDS, TEN_NODES), ...ticks]
}

function writeSchedules({ directory }: StartProject): void {
  writeFileSync(join(directory, 'schedule.ts'), scheduleText(quietJobs()))
  writeFileSync(
    join(directory, 'shards.ts'),
    scheduleText([`mail: { when: every('1m'), queue: 'mail', shards: ${SHARDS} },`]),
  )
}

function scheduleText(jobs: readonly string[]): string {
  return [
    `import { cron, daily, defineSchedule, every } from 'cron-mission'`,
    `export default defineSchedule({ timezone: '${ZONE}', jobs: {`,
    ...jobs,
    '} })\n',
  ].join('\n')
}

/** None of them is due in the two hours to come. */
function quietJobs(): string[] {
  return Array.from({ length: JOBS }, (_, i) => {
    const [hour, minute] = localTime(ZONE, Date.now() + (2 + i) * HOUR_MS)
      .slice('2026-11-20T'.length, '2026-11-20T18:04'.length)
      .split(':')
    const when = i % 2 === 0 ? `daily('${hour}:${minute}')` : `cron('${minute} ${hour} * * 1-6')`
    return `'job-${i}': { when: ${when}, queue: 'queue-${i}', shards: 4, timeout: '15m' },`
  })
}

let lastMinute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 6 * HOUR_MS

function nextMinute(): number {
  lastMinute += MINUTE_MS
  return lastMinute
}

async function requireNothingStarted({ database, db }: StartProject): Promise<void> {
  const [row] = await db.all<{ count: number }>('SELECT COUNT(*) AS count FROM slot')
  if (Number(row?.count) !== 0) throw new Error(`A job was due meanwhile (${database}). Run the bench again.`)
}
