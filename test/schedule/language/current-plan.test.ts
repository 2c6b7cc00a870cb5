/**
 * Which plan a tick goes by, over real files: whether the schedule was loaded at all is told by a line that it writes when
 * it is.
 */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { type CurrentPlan, currentPlan } from '../../../src/schedule/language/current-plan.ts'
import { localTime } from '../../../src/time/zone.ts'
import { temporaryDirectory } from '../../helpers/cleanup.ts'
import { runProgram } from '../../helpers/processes.ts'

const ENTRY = new URL('../../../src/index.ts', import.meta.url).href
const CURRENT_PLAN = new URL('../../../src/schedule/language/current-plan.ts', import.meta.url).href
const MINUTE_MS = 60_000
/** A full ten minutes, so that the tests are all of one such span. */
const NOW = Math.floor(Date.now() / (10 * MINUTE_MS)) * 10 * MINUTE_MS

/** Files that were changed a moment ago are not trusted yet. */
const OLD = new Date(Date.now() - 3_600_000)

interface Place {
  readonly path: string
  readonly stateDirectory: string
  /** Writes a file of the project, as if that had been long ago where the file system lets one say so. */
  write(name: string, text: string): void
  plan(now?: number): Promise<CurrentPlan>
  /** How often the schedule file was loaded. */
  loads(): number
}

test('an unchanged schedule is loaded once, however many ticks come', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))

  const first = await place.plan()
  const loads = place.loads()
  const second = await place.plan()

  assert.equal(place.loads(), loads)
  assert.deepEqual(ids(second), ['mail'])
  assert.equal(second.hash, first.hash)
  assert.deepEqual(second.problems, [])
})

test('a changed schedule is loaded anew', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  const before = await place.plan()
  place.write('schedule.ts', schedule(`mail: { when: '* * * * *', queue: 'mall' }`))

  const after = await place.plan()

  assert.deepEqual(after.jobs[0]?.work, { kind: 'queue', queue: 'mall', shards: 1 })
  assert.notEqual(after.hash, before.hash)
})

test('a changed file that the schedule imports is noticed', async (t) => {
  const place = makePlace(t)
  place.write('queue.ts', `export const queue = 'mail'`)
  place.write('schedule.ts', `import { queue } from './queue.ts'\n${schedule(`mail: { when: '* * * * *', queue }`)}`)
  await settle(place)
  place.write('queue.ts', `export const queue = 'mall'`)

  const { jobs } = await place.plan()

  assert.deepEqual(jobs[0]?.work, { kind: 'queue', queue: 'mall', shards: 1 })
})

test('what the schedule reads from its environment is seen after some minutes', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  const loads = place.loads()

  await place.plan(NOW + 9 * MINUTE_MS)
  assert.equal(place.loads(), loads)
  await place.plan(NOW + 10 * MINUTE_MS)
  assert.equal(place.loads(), loads + 1)
})

test('a package.json that appears beside the schedule is noticed', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  const loads = place.loads()
  place.write('package.json', '{ "type": "module" }')

  await place.plan()

  assert.equal(place.loads(), loads + 1)
})

test('another time zone of the process is noticed', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  const loads = place.loads()
  const zone = process.env.TZ
  process.env.TZ = 'Asia/Tokyo'
  t.after(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })

  await place.plan()

  assert.equal(place.loads(), loads + 1)
})

test('a file that was changed while it was loaded is not believed', async (t) => {
  const place = makePlace(t)
  const text = schedule(`mail: { when: '* * * * *', queue: 'mail' }`)
  place.write(
    'schedule.ts',
    `import { appendFileSync } from 'node:fs'\nappendFileSync(import.meta.filename, ' ')\n${text}`,
  )

  await place.plan()
  await place.plan()

  assert.equal(place.loads(), 2)
})

test('a file that does not load leaves the jobs as they were, and says since when', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  const readAt = (await place.plan()).staleSince
  place.write('schedule.ts', 'export default {')

  const first = await place.plan()
  const second = await place.plan()

  assert.equal(readAt, undefined)
  assert.deepEqual(ids(first), ['mail'])
  assert.equal(first.staleSince, NOW)
  assert.match(
    first.problems[0]?.sentence ?? '',
    /^The schedule does not load: .*schedule\.ts.* Its jobs run as they were read last, on \d{4}-\d\d-\d\d \d\d:\d\d\.$/,
  )
  assert.deepEqual(second.problems, first.problems, 'the text is the same at every tick, or it would be said again')
})

test('a schedule without jobs to speak of counts as one that does not load', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  place.write('schedule.ts', 'export default []')

  const { jobs, staleSince } = await place.plan()

  assert.deepEqual(
    jobs.map(({ id }) => id),
    ['mail'],
  )
  assert.notEqual(staleSince, undefined)
})

test('a file that never loaded is a complaint', async (t) => {
  const place = makePlace(t)
  place.write('schedule.ts', 'export default {')

  await assert.rejects(place.plan(), { name: 'Complaint', message: /^The schedule does not load: / })
})

test('a broken entry runs as it was, beside the others as they are', async (t) => {
  const place = await settled(
    t,
    schedule(`mail: { when: '* * * * *', queue: 'mail' }, sync: { when: '* * * * *', queue: 'sync' }`),
  )
  place.write(
    'schedule.ts',
    schedule(`mail: { when: '* * * * *', queue: 'mail', shards: 100 }, sync: { when: '* * * * *', queue: 'sink' }`),
  )

  const plan = await place.plan()

  const works = Object.fromEntries(plan.jobs.map(({ id, work }) => [id, work]))
  assert.deepEqual(works, {
    mail: { kind: 'queue', queue: 'mail', shards: 1 },
    sync: { kind: 'queue', queue: 'sink', shards: 1 },
  })
  assert.deepEqual(plan.unread, ['mail'])
  assert.equal(plan.staleSince, undefined)
  assert.equal(plan.problems.length, 1)
  assert.match(plan.problems[0]?.sentence ?? '', /^Job "mail": shards is 100\..* It runs as it was read last, on .*\.$/)
})

test('how a broken entry was is remembered over further changes of the others', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  for (const queue of ['a', 'b']) {
    place.write('schedule.ts', schedule(`mail: { when: 'never' }, sync: { when: '* * * * *', queue: '${queue}' }`))
    await place.plan()
  }

  const plan = await place.plan()

  assert.deepEqual(ids(plan).toSorted(), ['mail', 'sync'])
})

test('since when an entry is broken stays the same, or it would be told of again', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  place.write('schedule.ts', schedule(`mail: { when: 'never', queue: 'mail' }`))

  const sentences = []
  for (const minutes of [0, 20, 40]) {
    sentences.push((await place.plan(NOW + minutes * MINUTE_MS)).problems[0]?.sentence ?? '')
  }

  const [first = ''] = sentences
  assert.ok(first.includes(localTime('system', NOW).slice(0, 16).replace('T', ' ')), first)
  assert.deepEqual(sentences, [first, first, first])
})

test('a broken entry that was never right does not run', async (t) => {
  const place = makePlace(t)
  place.write('schedule.ts', schedule(`mail: { when: 'never', queue: 'mail' }`))

  const plan = await place.plan()

  assert.deepEqual([ids(plan), plan.unread], [[], ['mail']])
  assert.doesNotMatch(plan.problems[0]?.sentence ?? '', /read last/)
})

test('jobs that inherit a broken default run as they were, in one sentence', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }, sync: { when: '* * * * *', queue: 'sync' }`)) // biome-ignore format: one
  const jobs = `mail: { when: '* * * * *', queue: 'mail' }, sync: { when: '* * * * *', queue: 'sync' }`
  place.write('schedule.ts', `export default { timezone: 'UTC', defaults: { shards: 100 }, jobs: { ${jobs} } }`)

  const plan = await place.plan()

  assert.deepEqual(ids(plan), ['mail', 'sync'])
  assert.match(
    plan.problems.at(-1)?.sentence ?? '',
    /^Jobs that take that over, mail, sync, run as they were read last, on .*\.$/,
  )
})

test('a job that is taken out is gone', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  place.write('schedule.ts', schedule(`sync: { when: '* * * * *', queue: 'sync' }`))

  assert.deepEqual(ids(await place.plan()), ['sync'])
})

test('quiet minutes are kept with the plan, and with no other', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  const quiet = { after: 60_000, before: 120_000 }
  ;(await place.plan()).keepQuiet(quiet)

  assert.deepEqual((await place.plan()).quiet, quiet)
  place.write('schedule.ts', schedule(`mail: { when: '*/2 * * * *', queue: 'mail' }`))
  assert.equal((await place.plan()).quiet, undefined)
})

test('a tick that comes to its end late does not put its old plan in the place of a new one', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  const late = await place.plan()
  place.write('schedule.ts', schedule(`sync: { when: '* * * * *', queue: 'sync' }`))
  await settle(place)
  const loads = place.loads()

  late.keepQuiet({ after: 60_000, before: 120_000 })

  const plan = await place.plan()
  assert.deepEqual([ids(plan), plan.quiet, place.loads()], [['sync'], undefined, loads])
})

test('a kept plan that is damaged is read anew', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  const kept = join(place.stateDirectory, keptPlans(place)[0] ?? '')
  for (const damage of [
    '',
    '{',
    'null',
    '[]',
    '{"format":1}',
    '{"format":0}',
    readFileSync(kept, 'utf8').slice(0, -9),
  ]) {
    writeFileSync(kept, damage)

    assert.deepEqual(ids(await place.plan()), ['mail'], damage)
  }
})

test('a kept plan is for its owner alone', async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))

  assert.equal(statSync(join(place.stateDirectory, keptPlans(place)[0] ?? '')).mode & 0o777, 0o600)
})

test('where the state directory cannot be made, ticks work without it', async (t) => {
  const place = makePlace(t)
  place.write('schedule.ts', schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  writeFileSync(place.stateDirectory, 'a file')

  for (const loads of [1, 2]) {
    assert.deepEqual(ids(await place.plan()), ['mail'])
    assert.equal(place.loads(), loads)
  }
})

test('where the state directory cannot be written, ticks work without it', {
  skip: process.getuid?.() === 0 && 'root writes everywhere',
}, async (t) => {
  const place = await settled(t, schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  chmodSync(place.stateDirectory, 0o500)
  place.write('schedule.ts', schedule(`sync: { when: '* * * * *', queue: 'sync' }`))

  assert.deepEqual(ids(await place.plan()), ['sync'])
})

test('ticks that write at once leave a whole plan, and nothing else', async (t) => {
  const place = makePlace(t)
  place.write('schedule.ts', schedule(`mail: { when: '* * * * *', queue: 'mail' }`))
  const code = `const { currentPlan } = await import(process.argv[1])
    const [path, stateDirectory, entryUrl] = process.argv.slice(2)
    const { jobs } = await currentPlan(path, { stateDirectory, entryUrl, now: Date.now() })
    process.stdout.write(jobs.map(({ id }) => id).join())`
  const args = ['--input-type=module', '-e', code, CURRENT_PLAN, place.path, place.stateDirectory, ENTRY]

  const ended = await Promise.all([1, 2, 3].map(() => runProgram(process.execPath, args, { cwd: '/', t })))

  assert.deepEqual(
    ended.map(({ stdout, stderr }) => stdout + stderr),
    ['mail', 'mail', 'mail'],
  )
  assert.equal(keptPlans(place).length, 1)
  assert.deepEqual(readdirSync(place.stateDirectory), keptPlans(place))
})

/** A place whose plan is kept, and found to be. */
async function settled(t: TestContext, text: string): Promise<Place> {
  const place = makePlace(t)
  place.write('schedule.ts', text)
  await settle(place)
  return place
}

/** The time of a file's last change cannot be set back: until it has passed by a little, the file is loaded each time. */
async function settle(place: Place): Promise<void> {
  for (let loads = -1; loads !== place.loads(); ) {
    loads = place.loads()
    await place.plan()
  }
}

function makePlace(t: TestContext): Place {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'schedule.ts')
  const stateDirectory = join(directory, '.queue')
  const log = join(directory, 'loads')
  return {
    path,
    stateDirectory,
    write(name, text) {
      const note = `import { appendFileSync as note } from 'node:fs'\nnote(${JSON.stringify(log)}, '.')\n`
      writeFileSync(join(directory, name), name === 'schedule.ts' ? note + text : text)
      utimesSync(join(directory, name), OLD, OLD)
    },
    plan: (now = NOW) => currentPlan(path, { stateDirectory, entryUrl: ENTRY, now }),
    loads: () => (existsSync(log) ? statSync(log).size : 0),
  }
}

function schedule(jobs: string): string {
  return `export default { timezone: 'UTC', jobs: { ${jobs} } }\n`
}

function ids({ jobs }: CurrentPlan): string[] {
  return jobs.map(({ id }) => id)
}

function keptPlans({ stateDirectory }: Place): string[] {
  return readdirSync(stateDirectory).filter((name) => name.startsWith('plan-schedule.ts-'))
}
