/**
 * docs/recipes/named-workers.md on a real MariaDB: ten named workers, killed, drained, stopped, started and replaced under load.
 *
 * A sampler reads every 50 ms who has which shard. No shard ever has two, and while workers are replaced none is without for
 * long: the worst gap is printed, and is held to a bound that a busy machine keeps, too.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openQueue } from '../../src/index.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES } from '../helpers/databases.ts'
import { isAlive, markedProcesses, RUN_MARK } from '../helpers/marked.ts'
import { waitFor } from '../helpers/processes.ts'

const SHARDS = 10
const TASKS = 5_000
const LONG_MS = 5_000
const LOOK_MS = 50
const WORST_GAP_MS = 10_000
const PATIENCE_MS = 120_000

/** Notes that it ran; a parameter of milliseconds makes it take as long. */
const NOTE = `#!/bin/sh
[ -n "$1" ] && sleep $(($1 / 1000))
echo "$TASK_ID" >>ran
`

interface Seat {
  readonly shard: number
  readonly pid: number
}

test('named workers: the number is kept, and a restart under load leaves no shard alone', async (t) => {
  const project = await workersProject(t)
  const daemon = project.start('cron-mission', ['daemon'])
  const first = await allSeated(project)

  assert.deepEqual(
    titles(first),
    first.map(({ shard }) => `do-queue: mail ${shard}/${SHARDS} (idle)`),
  )
  await theNumberIsKept(project, first)
  await isDrainedAndStarted(project)
  await isReplacedUnderLoad(t, project)

  daemon.kill('SIGTERM')
  assert.equal((await daemon.exited).code, 0)
  await waitFor(async () => (await seatsOf(project)).length === 0, {
    what: 'all seats to be free',
    timeoutMs: PATIENCE_MS,
  })
  assert.deepEqual(workersLeft(), [])
  assert.deepEqual(zombiesOf(process.pid), [])
})

test('without a daemon: start, restart and stop of workers that crontab alone looks after', async (t) => {
  const project = await workersProject(t)
  const tick = await project.start('cron-mission', []).exited
  assert.deepEqual([tick.code, tick.stderr], [0, ''])
  const first = await allSeated(project)
  process.kill(first[3]?.pid ?? 0, 'SIGKILL')
  const start = await project.start('cron-mission', ['start', 'mail']).exited
  assert.equal(start.stderr, '')
  assert.match(start.stdout, /^Job mail: 1 worker started: \d+\.\n$/)
  const before = await allSeated(project)

  const restart = await project.start('cron-mission', ['restart', '--at-once', '3']).exited
  const after = await allSeated(project)
  const stop = await project.start('cron-mission', ['stop']).exited

  assert.deepEqual([restart.code, restart.stderr], [0, ''])
  assert.ok(after.every(({ pid }) => !before.some((old) => old.pid === pid)))
  assert.equal(stop.code, 0)
  assert.deepEqual(await seatsOf(project), [])
})

async function workersProject(t: TestContext): Promise<QueueProject> {
  const database = DATABASES.find(({ name }) => name === 'mariadb')
  assert.ok(database !== undefined, 'a MariaDB is needed')
  return queueProject(t, database, {
    tasks: { note: NOTE },
    schedule: `import { always, defineSchedule } from 'cron-mission'
export default defineSchedule({
  timezone: 'UTC',
  jobs: { mail: { when: always(), queue: 'mail', shards: ${SHARDS}, grace: '2s' } },
})
`,
  })
}

async function theNumberIsKept(project: QueueProject, first: readonly Seat[]): Promise<void> {
  const killed = [first[1], first[4], first[7]].flatMap((seat) => seat ?? [])
  for (const { pid } of killed) process.kill(pid, 'SIGKILL')
  await waitFor(() => killed.every(({ pid }) => !isAlive(pid)), { what: 'three workers to be dead' })
  const now = await allSeated(project)
  const { stdout, stderr } = await project.start('cron-mission', ['status', '--json']).exited
  assert.equal(stderr, '')
  const status = JSON.parse(stdout)

  assert.equal(now.filter(({ pid }) => killed.some((old) => old.pid === pid)).length, 0)
  assert.deepEqual(status.always, [{ job: 'mail', wanted: SHARDS, there: SHARDS, missing: [] }])
  assert.equal(status.workers.length, SHARDS)
}

async function isDrainedAndStarted(project: QueueProject): Promise<void> {
  const drain = await project.start('cron-mission', ['drain', 'mail']).exited
  assert.deepEqual([drain.code, drain.stderr], [0, ''])
  assert.deepEqual(await seatsOf(project), [])
  const start = await project.start('cron-mission', ['start', 'mail']).exited
  assert.equal(start.code, 0, start.stdout + start.stderr)
  await allSeated(project)
}

async function isReplacedUnderLoad(t: TestContext, project: QueueProject): Promise<void> {
  const queue = await openQueue(project.url)
  const before = await allSeated(project)
  const { id: long } = await queue.add({ task: 'note', param: String(LONG_MS), queue: 'mail' })
  await waitFor(async () => (await project.row(long)).status === 'running', { what: 'the long program' })
  const adding = (async () => {
    for (let i = 0; i < TASKS; i += 100) {
      await queue.addMany(Array.from({ length: 100 }, () => ({ task: 'note', queue: 'mail' })))
      await sleep(10)
    }
  })()
  const sampler = sample(project)

  const restart = await project.start('cron-mission', ['restart']).exited
  await adding
  await allDone(project)
  const { twice, worstGapMs, samples } = await sampler.end()
  await queue.close()

  const took = /in (\S+) s\.\n$/.exec(restart.stdout)?.[1]
  t.diagnostic(
    `${SHARDS} workers replaced in ${took} s; worst gap of a shard ${worstGapMs.toFixed(0)} ms in ${samples} samples`,
  )
  assert.deepEqual([restart.code, restart.stderr], [0, ''])
  const after = await allSeated(project)
  assert.ok(after.every(({ pid }) => !before.some((old) => old.pid === pid)))
  assert.deepEqual(twice, [])
  assert.ok(worstGapMs < WORST_GAP_MS, `a shard had nobody for ${worstGapMs} ms`)
  const ran = project.lines('ran')
  assert.equal(ran.length, TASKS + 1)
  assert.equal(new Set(ran).size, TASKS + 1)
  assert.ok(ran.includes(String(long)))
  assert.equal(project.events('task-done').filter((line) => line.includes(` id=${long} `)).length, 1)
  assert.deepEqual(project.events('task-retry'), [])
}

/** Looks who has the shards, until it is ended. */
function sample(project: QueueProject) {
  const lastSeen = new Map<number, number>()
  const twice: Seat[] = []
  let worstGapMs = 0
  let samples = 0
  let isOver = false
  const looking = (async () => {
    while (!isOver) {
      const seats = await seatsOf(project)
      const now = performance.now()
      samples++
      for (const seat of seats) {
        if (seats.filter(({ shard }) => shard === seat.shard).length > 1) twice.push(seat)
        worstGapMs = Math.max(worstGapMs, now - (lastSeen.get(seat.shard) ?? now) - LOOK_MS)
        lastSeen.set(seat.shard, now)
      }
      await sleep(LOOK_MS)
    }
  })()
  return {
    async end() {
      isOver = true
      await looking
      return { twice, worstGapMs: Math.max(0, worstGapMs), samples }
    },
  }
}

async function seatsOf(project: QueueProject): Promise<Seat[]> {
  const rows = await project.db.all<Seat>(
    "SELECT shard, pid FROM worker WHERE queue = 'mail' AND seat IS NOT NULL ORDER BY shard",
  )
  return rows.map(({ shard, pid }) => ({ shard: Number(shard), pid: Number(pid) }))
}

/** Each shard has one that lives, and says that it is at work. */
async function allSeated(project: QueueProject): Promise<Seat[]> {
  const found = async () => {
    const seats = await seatsOf(project)
    const isReady = ({ pid }: Seat) => isAlive(pid) && /\((idle|running \d+)\)$/.test(titleOf(pid))
    return seats.length === SHARDS && seats.every(isReady) ? seats : undefined
  }
  return waitFor(found, { what: `${SHARDS} workers`, timeoutMs: PATIENCE_MS })
}

async function allDone(project: QueueProject): Promise<void> {
  const open = async () => {
    const [row] = await project.db.all<{ count: number }>('SELECT COUNT(*) AS count FROM queue WHERE status <> 1')
    return Number(row?.count)
  }
  await waitFor(async () => (await open()) === 0, { what: 'all tasks to be done', timeoutMs: PATIENCE_MS })
}

function titles(seats: readonly Seat[]): string[] {
  return seats.map(({ pid }) => titleOf(pid))
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

function workersLeft(): string[] {
  return markedProcesses(RUN_MARK, process.env[RUN_MARK] ?? '')
    .map(({ command }) => command)
    .filter((command) => command.startsWith('do-queue: mail'))
}

/** Processes that have ended and that nobody has waited for, with one of ours as their parent. */
function zombiesOf(parent: number): string[] {
  return readdirSync('/proc')
    .map((pid) => statOf(pid))
    .filter((fields) => fields[0] === 'Z' && Number(fields[1]) === parent)
    .map((fields) => fields.join(' '))
}

function statOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}
