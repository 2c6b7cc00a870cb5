/**
 * Clocks that are wrong, and set right: nothing is lost by it, and nothing doubled. The clocks are faked for the real commands.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import test, { type TestContext } from 'node:test'
import { slotsOf } from '../../src/queue/store/read-slot.ts'
import { tickRows } from '../../src/queue/store/tick-row.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { type Ended, startProgram, waitFor } from '../helpers/processes.ts'
import { mariadb, skip } from './database-project.ts'
import { whyNoOtherHost } from './other-host.ts'

const [sqlite] = DATABASES as [Database]
const library = findLibrary()
const noClock = library === undefined && 'libfaketime is not installed'
const noOtherHost = skip || noClock || (whyNoOtherHost() ?? false)
const HOUR_MS = 3_600_000
/** Behind every change that the files have seen. */
const BEGIN = Date.UTC(2035, 4, 7, 10)

const SCHEDULE = (more = '') => `
  import { cron, defineSchedule, every } from 'cron-mission'
  const exec = ['sh', '-c', 'echo "$JOB_ID $JOB_SLOT" >> runs']
  export default defineSchedule({ timezone: 'UTC', jobs: {
    hourly: { when: every('1h'), exec },
    ${more}
  } })`

test('a clock that runs three days ahead and is set right loses no slot of those days', {
  skip: noClock,
}, async (t) => {
  forgetClocks(t)
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE() })

  await tickAt(project, 0)
  const ahead = await tickAt(project, 72)
  const right = await tickAt(project, 1)
  for (const hour of [2, 3]) await tickAt(project, hour)

  assert.deepEqual([ahead.code, ahead.stderr], [0, ''])
  assert.match(right.stderr, /the clock was set back/)
  assert.deepEqual(ran(project), [0, 1, 2, 3, 72].map(run))
})

for (const hours of [2, 5]) {
  test(`a clock that is set back by ${hours} hours runs nothing twice, and goes on`, { skip: noClock }, async (t) => {
    forgetClocks(t)
    const project = await queueProject(t, sqlite, { schedule: SCHEDULE() })
    const before = [0, 1, hours]
    const after = [0, hours - 1, hours + 1]
    for (const hour of [...before, ...after]) await tickAt(project, hour)

    const all = [...new Set([...before, ...after])].toSorted((a, b) => a - b)
    assert.deepEqual(ran(project), all.map(run))
    const { ticks } = await tickRows(project.db)
    assert.deepEqual(
      ticks.map(({ minute }) => minute),
      [BEGIN + (hours + 1) * HOUR_MS],
    )
  })
}

test('a job that was new while the clock was ahead runs when the clock is right', { skip: noClock }, async (t) => {
  forgetClocks(t)
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE() })
  await tickAt(project, 72)

  await tickAt(project, 0)
  await tickAt(project, 1)

  assert.deepEqual(ran(project), [0, 1, 72].map(run))
})

for (const [clock, far] of [
  ['three days ahead', '+3d'],
  ['five minutes ahead', '+5m'],
  ['five minutes behind', '-5m'],
  ['three days behind', '-3d'],
] as const) {
  test(`a host whose clock is ${clock} takes no slot from the others, and runs none again`, {
    skip: noOtherHost,
  }, async (t) => {
    const always = `often: { when: every('1m'), exec, overlap: 'allow', catchUp: { policy: 'all', within: '1h' } },`
    forgetClocks(t)
    const project = await queueProject(t, mariadb as Database, { schedule: SCHEDULE(always) })
    const begin = Date.now()

    await tickOn(project, t, hostname())
    const other = await tickOn(project, t, 'web-2', { FAKETIME: far })
    await tickOn(project, t, 'web-3')
    await tickOn(project, t, 'web-2', { FAKETIME: far })

    assert.match(other.stderr, /^cron-mission: The clock of this host is .* (ahead of|behind) the database's/)
    const slots = await slotsOf(project.db, {}, 1_000)
    const ahead = slots.filter(({ slotAt }) => slotAt > Date.now())
    assert.deepEqual(ahead, [], 'nothing is decided that has not come')
    assert.deepEqual(
      slots.filter(({ verdict }) => verdict === 'missed'),
      [],
    )
    // The host that is behind comes to the minutes of its own clock.
    const now = slots.filter(({ job, slotAt }) => job === 'often' && slotAt > begin - 120_000)
    assert.ok(now.length >= 1)
    await waitFor(() => project.lines('runs').length >= slots.length, { what: 'the runs' })
    assert.equal(new Set(project.lines('runs')).size, project.lines('runs').length)
  })
}

/**
 * A tick, and the run of its hour. One that its worker did not come to is begun by the next tick, as in the next minute.
 *
 * @param hour  after the beginning
 */
async function tickAt(project: QueueProject, hour: number): Promise<Ended> {
  const hasRun = () => project.lines('runs').includes(run(hour))
  const ended = await tickOnce(project, hour)
  for (let tries = 0; tries < 3 && !hasRun(); tries++) {
    await waitFor(hasRun, { what: run(hour), timeoutMs: 2_000 }).catch(() => tickOnce(project, hour))
  }
  return ended
}

async function tickOnce(project: QueueProject, hour: number): Promise<Ended> {
  // As far from the real clock as a second of that minute is: the worker that the tick starts must not begin before it.
  const aheadMs = BEGIN + hour * HOUR_MS + 1_000 - Date.now()
  const clock = clockOf(`+${Math.round(aheadMs / 1_000)}`)
  const ended = await project.run('cron-mission', [], { env: clock })
  assert.match(ended.stderr, /^(cron-mission: The last tick was for .* the clock was set back.*\n)?$/)
  return ended
}

function clockOf(time: string): Record<string, string> {
  return {
    LD_PRELOAD: library ?? '',
    FAKETIME: time,
    FAKETIME_FMT: '%s',
    FAKETIME_DONT_RESET: '1',
    NO_FAKE_STAT: '1',
    TZ: 'UTC',
  }
}

/** A tick of a host of that name, with another disk for its state. */
function tickOn(
  { directory }: QueueProject,
  t: TestContext,
  host: string,
  { FAKETIME: time }: { readonly FAKETIME?: string } = {},
): Promise<Ended> {
  const command = resolve(import.meta.dirname, '../../dist/bin/cron-mission.js')
  const clock = time === undefined ? {} : { ...clockOf(time), QUEUE_STATE: join(directory, `.queue-${host}`) }
  const boot = ['--uts', '/bin/sh', '-c', 'hostname "$0" && exec "$@"', host]
  const assignments = Object.entries(clock).map(([name, value]) => `${name}=${value}`)
  return startProgram('unshare', [...boot, 'env', ...assignments, process.execPath, command], { cwd: directory, t })
    .exited
}

function run(hour: number): string {
  return `hourly ${new Date(BEGIN + hour * HOUR_MS).toISOString().slice(0, 19)}Z`
}

/** Removes what faked clocks leave in memory: a command that ends by itself does not tidy up after the library. */
function forgetClocks(t: TestContext): void {
  const left = () => readdirSync('/dev/shm').filter((name) => /^(sem\.)?faketime_/.test(name))
  const before = left()
  afterwards(t, () => {
    for (const name of left()) if (!before.includes(name)) rmSync(join('/dev/shm', name), { force: true })
  })
}

function ran(project: QueueProject): string[] {
  return project.lines('runs').toSorted()
}

/** Debian keeps it in a directory that is named for the processor. */
function findLibrary(): string | undefined {
  const places = readdirSync('/usr/lib').map((name) => join('/usr/lib', name, 'faketime', 'libfaketime.so.1'))
  return places.find((place) => existsSync(place))
}
