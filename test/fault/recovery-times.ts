/**
 * `npm run recovery`: how long it takes until the tasks of a worker that was killed are resolved, beside what others publish.
 *
 * Four of its programs run at that moment and end right afterwards, more tasks are claimed and wait. Measured is from the
 * kill to the moment when none of its rows is running any more. Real time is waited for: it takes six to eight minutes.
 */
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../helpers/databases.ts'
import { type PrivateServer, startMariadb } from '../helpers/mariadb.ts'
import { makeDatabase } from '../soak/place.ts'
import { type FaultProject, faultProject, killed, NOTHING_DUE } from './fault-project.ts'
import { otherHost, whyNoOtherHost } from './other-host.ts'

interface Figure {
  readonly name: string
  readonly seconds: readonly number[]
}

const PUBLISHED = [
  ['solid_queue', '5 to 6 min, then the job has failed'],
  ['River, Oban', '1 h'],
  ['graphile-worker', '4 h'],
] as const

const TIMES = 5
/** Each waits for a whole lease. */
const TIMES_HOST = 2
const MINUTE_MS = 60_000
const LOOK_MS = 10
const LIMIT_MS = 180_000
const PROGRAMS = 4

const steps: (() => unknown)[] = []
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => void cleanUp().then(() => process.exit(1)))

try {
  await main()
} finally {
  await cleanUp()
}

async function main(): Promise<void> {
  const server = await startMariadb()
  steps.push(() => server.stop())
  const figures = [
    await measure('killed, a worker beside it', TIMES, () => withWorkerBeside(server)),
    await measure('killed, ticks only, one each minute', TIMES, () => withTicks(server)),
  ]
  const why = whyNoOtherHost()
  if (why === undefined) figures.push(await measure('its host gone', TIMES_HOST, () => withHostGone(server)))
  else console.log(`its host gone: skipped, ${why}`)

  console.log('\nFrom the kill to the last booking, in seconds'.padEnd(49), 'least   median     most')
  for (const { name, seconds } of figures) {
    const sorted = seconds.toSorted((a, b) => a - b)
    const some = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
    console.log(`  ${name.padEnd(42)}${some.map((value = 0) => value.toFixed(1).padStart(9)).join('')}`)
  }
  console.log('\nPublished by others')
  for (const [name, time] of PUBLISHED) console.log(`  ${name.padEnd(42)}  ${time}`)
}

async function measure(name: string, times: number, once: () => Promise<number>): Promise<Figure> {
  const seconds: number[] = []
  for (let time = 1; time <= times; time++) {
    const ms = await once()
    console.log(`${name}, ${time} of ${times}: ${(ms / 1_000).toFixed(1)} s`)
    seconds.push(ms / 1_000)
  }
  return { name, seconds }
}

async function withWorkerBeside(server: PrivateServer): Promise<number> {
  const project = await newProject(server)
  await project.beside()
  const worker = await project.working(await addTasks(project), ['--concurrency', String(PROGRAMS)])
  await sleep(Math.random() * 2_000)
  return untilResolved(project, async () => {
    await killed(worker)
    project.release('go')
  })
}

async function withTicks(server: PrivateServer): Promise<number> {
  const project = await newProject(server)
  const worker = await project.working(await addTasks(project), ['--concurrency', String(PROGRAMS)])
  await sleep(Math.random() * MINUTE_MS)
  return untilResolved(project, async () => {
    await killed(worker)
    project.release('go')
    for (;;) {
      await sleep(MINUTE_MS - (Date.now() % MINUTE_MS))
      await project.once('cron-mission')
      if (!(await project.states()).includes('running')) return
    }
  })
}

async function withHostGone(server: PrivateServer): Promise<number> {
  const project = await newProject(server)
  const host = await otherHost(context(), project, 'web-2')
  await project.beside()
  const ids = await addTasks(project)
  const worker = host.start(['--concurrency', String(PROGRAMS)])
  for (const id of ids) await host.started(id)
  await sleep(Math.random() * 20_000)
  return untilResolved(project, () => host.powerCut(worker))
}

/** @returns milliseconds from before `kill` until no row is running any more */
async function untilResolved(project: FaultProject, kill: () => Promise<void>): Promise<number> {
  const killedAt = performance.now()
  const killing = kill()
  killing.catch(() => {}) // told below
  while ((await project.states()).includes('running')) {
    if (performance.now() - killedAt > LIMIT_MS) throw new Error(`Not resolved within ${LIMIT_MS / 1_000} s.`)
    await sleep(LOOK_MS)
  }
  const ms = performance.now() - killedAt
  await killing
  return ms
}

async function addTasks(project: FaultProject): Promise<number[]> {
  const programs = Array.from({ length: PROGRAMS }, () => ({ task: 'finish-when', param: 'go 1000' }))
  const ids = await project.insert(...programs)
  await project.insert(...Array.from({ length: PROGRAMS }, () => ({ task: 'say' })))
  return ids
}

async function newProject(server: PrivateServer): Promise<FaultProject> {
  await cleanUp(1)
  const database: Database = { name: 'mariadb', create: async () => ({ url: await makeDatabase(server) }) }
  return faultProject(context(), database, { schedule: NOTHING_DUE })
}

/** What our helpers need of a test: somewhere to leave what is to be done in the end. */
function context(): TestContext {
  return { after: (step: () => unknown) => steps.push(step) } as unknown as TestContext
}

/** Last things first, down to as many as are to stay. */
async function cleanUp(toStay = 0): Promise<void> {
  while (steps.length > toStay) await steps.pop()?.()
}
