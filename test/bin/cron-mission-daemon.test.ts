import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import test, { describe, type TestContext } from 'node:test'
import { DATABASES } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { type Running, waitFor } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const [SQLITE] = DATABASES as [(typeof DATABASES)[0]]
const MINUTE_MS = 60_000
/** A worker that dies is back within this, on a machine that has something else to do as well. */
const BACK_MS = 1_500
const LOOKS_MS = [500, 1_500, 4_000]
const TICK_LEAVES_MS = 300

interface DaemonProject extends QueueProject {
  readonly daemon: Running
  /** The workers of a job that have taken their seats and live. */
  workers(job: string): Promise<number[]>
  /** Waits until a job has so many workers. */
  hasWorkers(job: string, count: number): Promise<number[]>
}

/** With a daemon that runs. */
async function daemonProject(t: TestContext, jobs: string, database = SQLITE): Promise<DaemonProject> {
  const project = await queueProject(t, database, {
    schedule: `import { always, defineSchedule, every } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: { ${jobs} } })
`,
  })
  const workers = async (job: string) => {
    const rows = await project.db.all<{ pid: number }>(
      'SELECT DISTINCT pid FROM worker WHERE job = ? AND seat IS NOT NULL',
      [job],
    )
    return rows.map(({ pid }) => Number(pid)).filter(isAlive)
  }
  const daemon = project.start('cron-mission', ['daemon', '--json'])
  await waitFor(() => project.events('tick').length > 0 || daemon.stderr !== '', { what: 'the first tick' })
  assert.equal(daemon.stderr, '')
  return {
    ...project,
    daemon,
    workers,
    async hasWorkers(job, count) {
      const found = async () => {
        const pids = await workers(job)
        return pids.length === count ? pids : undefined
      }
      return waitFor(found, { what: `${count} workers of ${job}` })
    },
  }
}

for (const database of DATABASES) {
  test(`a worker that is to be at work always is back within a moment of its death (${database.name})`, async (t) => {
    await noTickFor(15_000)
    const project = await daemonProject(t, `mail: { when: always(), queue: 'mail', shards: 2 }`, database)
    const before = await project.hasWorkers('mail', 2)
    const [victim] = before
    await waitFor(() => knows(project), { what: 'the daemon to know its workers' })

    process.kill(victim ?? 0, 'SIGKILL')
    const killedAt = performance.now()
    await waitFor(() => project.events('worker-restarted').length > 0, { what: 'a restart' })
    const tookMs = performance.now() - killedAt
    const after = await project.hasWorkers('mail', 2)

    assert.ok(tookMs < BACK_MS, `it took ${Math.round(tookMs)} ms`)
    assert.ok(!after.includes(victim ?? 0) && after.some((pid) => before.includes(pid)))
    await endDaemon(project)
  })
}

test('SIGTERM lets programs finish, and leaves when the workers have left', async (t) => {
  const project = await daemonProject(t, `mail: { when: always(), queue: 'mail', grace: '1m' }`)
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
  const [worker] = await project.hasWorkers('mail', 1)
  await project.started(id)

  project.daemon.kill('SIGTERM')
  await waitFor(() => project.events('drain').length > 0, { what: 'the worker to be asked' })
  const wasThere = isAlive(project.daemon.pid)
  project.release('go')
  const { code, stderr, stdout } = await project.daemon.exited

  assert.ok(wasThere)
  assert.deepEqual([code, stderr], [0, ''])
  assert.ok(!isAlive(worker ?? 0))
  assert.deepEqual(await project.states(), ['done'])
  const [started, ended] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual([started.event, started.pid], ['daemon-start', project.daemon.pid])
  assert.deepEqual(ended, { event: 'daemon-end', reason: 'SIGTERM', asked: 1, remaining: 0 })
  await project.nothingIsLeft()
})

test('a second signal leaves at once, and leaves the workers to themselves', async (t) => {
  const project = await daemonProject(t, `mail: { when: always(), queue: 'mail', grace: '1m' }`)
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
  const [worker] = await project.hasWorkers('mail', 1)
  await project.started(id)

  project.daemon.kill('SIGINT')
  await waitFor(() => project.events('drain').length > 0, { what: 'the worker to be asked' })
  project.daemon.kill('SIGINT')
  const { code } = await project.daemon.exited

  assert.equal(code, 75)
  assert.ok(isAlive(worker ?? 0))
  project.release('go')
  await project.nothingIsLeft()
  assert.deepEqual(await project.states(), ['done'])
})

test('SIGHUP is nothing to it, and a worker of a person is none of its business', async (t) => {
  const project = await daemonProject(t, `live: { when: always(), queue: 'live' }`)
  const [ours] = await project.hasWorkers('live', 1)
  const own = project.start('do-queue', ['--watch', '--queue', 'mail'])
  await waitFor(() => project.events('worker-start').length > 1, { what: 'the worker of a person' })

  project.daemon.kill('SIGHUP')
  await endDaemon(project, false)

  assert.ok(!isAlive(ours ?? 0))
  assert.ok(isAlive(own.pid))
  assert.match(project.events('daemon-end')[0] ?? '', / reason=SIGTERM asked=1 remaining=0$/)
  own.kill()
  await own.exited
})

test('a second daemon of a directory says that there is one', async (t) => {
  const project = await daemonProject(t, `mail: { when: every('1m'), queue: 'mail' }`)

  const second = project.start('cron-mission', ['daemon'])
  await waitFor(() => second.stderr !== '', { what: 'its sentence' })
  second.kill()
  const { code, stderr } = await second.exited
  await endDaemon(project)

  assert.equal(code, 0)
  assert.match(
    stderr,
    new RegExp(`^cron-mission: A daemon for .* runs on this host already \\(pid ${project.daemon.pid}\\)\\. .*\\n$`),
  )
  assert.deepEqual(
    readdirSync(project.path('.queue')).filter((name) => name.startsWith('daemon.')),
    [],
  )
})

test('a stopped job is not put back', async (t) => {
  const project = await daemonProject(t, `mail: { when: always(), queue: 'mail' }`)
  await project.hasWorkers('mail', 1)
  await waitFor(() => knows(project), { what: 'the daemon to know its workers' })

  const stopped = await project.start('cron-mission', ['stop', 'mail']).exited
  await endDaemon(project)

  assert.equal(stopped.code, 0)
  assert.deepEqual(project.events('worker-restarted'), [])
})

// These wait, for most of their time: together.
describe('a daemon that goes on for a while', { concurrency: true }, () => {
  test('a worker that dies again and again is started ever later, and a person is told once', async (t) => {
    await noTickFor(30_000)
    const project = await daemonProject(t, `mail: { when: always(), queue: 'mail' }`)
    const deaths: number[] = []
    await waitFor(() => knows(project), { what: 'the daemon to know its workers' })

    for (let i = 0; i < 4; i++) {
      const [worker] = await project.hasWorkers('mail', 1)
      process.kill(worker ?? 0, 'SIGKILL')
      deaths.push(performance.now())
      await waitFor(() => project.events('worker-restarted').length > i, { what: `restart ${i + 1}` })
      if (i === 3) assert.ok(performance.now() - (deaths[3] ?? 0) > 1_500)
    }

    assert.deepEqual(
      project.events('worker-restarted').map((line) => / times=(\d+)/.exec(line)?.[1]),
      ['1', '2', '3', '4'],
    )
    assert.equal(project.daemon.stderr.match(/"mail" end soon after their start/g)?.length, 1)
    await endDaemon(project, true, /end soon after their start/)
  })

  test('a worker that died before the daemon could know it is missed after some seconds', async (t) => {
    await noTickFor(30_000)
    const project = await daemonProject(t, `mail: { when: always(), queue: 'mail' }`)
    const [pid] = await waitFor(() => startedPids(project), { what: 'the tick to start a worker' })

    process.kill(pid ?? 0, 'SIGKILL')
    await waitFor(() => project.events('worker-restarted').length > 0, { what: 'a restart', timeoutMs: 20_000 })

    await project.hasWorkers('mail', 1)
    await endDaemon(project)
  })

  test('each minute has its tick, also with a schedule that was broken for a while', async (t) => {
    const project = await daemonProject(t, `mail: { when: every('1m'), queue: 'mail' }`)
    const startedIn = Math.floor(Date.now() / MINUTE_MS)
    writeFileSync(project.path('schedule.ts'), 'export default {{')

    await waitFor(() => project.events('schedule-problem').length > 0, { what: 'the next minute', timeoutMs: 70_000 })
    const [problem] = project.events('schedule-problem')

    assert.equal(Math.floor(Date.parse(problem?.split(' ')[0] ?? '') / MINUTE_MS), startedIn + 1)
    assert.ok(isAlive(project.daemon.pid))
    await endDaemon(project, true, /The schedule does not load/)
  })
})

/** A tick puts back what died before it, and then the daemon has nothing to do: waits until the next one is so far away. */
async function noTickFor(ms: number): Promise<void> {
  await waitFor(() => Date.now() % MINUTE_MS < MINUTE_MS - ms, { what: 'the next minute', timeoutMs: MINUTE_MS })
}

function startedPids(project: QueueProject): number[] | undefined {
  const [, pids] = / pids=([\d,]+)/.exec(project.events('job-started')[0] ?? '') ?? []
  return pids?.split(',').map(Number)
}

/** It looks for workers some times after a tick has left: whether one of these was after the last worker's start. */
function knows(project: QueueProject): boolean {
  const times = (name: string) => project.events(name).map((line) => Date.parse(line.split(' ')[0] ?? ''))
  const tick = Math.max(...times('tick')) + TICK_LEAVES_MS
  const [start = Number.POSITIVE_INFINITY] = times('worker-start').toReversed()
  const look = LOOKS_MS.map((ms) => tick + ms).find((at) => at > start)
  return look !== undefined && Date.now() > look + TICK_LEAVES_MS
}

async function endDaemon(project: DaemonProject, isAlone = true, said = /^$/): Promise<void> {
  project.daemon.kill('SIGTERM')
  const { code, stderr } = await project.daemon.exited
  assert.equal(code, 0)
  assert.match(stderr, said)
  if (isAlone) await project.nothingIsLeft()
  assert.ok(existsSync(project.path('.queue')))
}
