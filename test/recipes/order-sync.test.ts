/**
 * docs/recipes/order-sync.md on a real MariaDB, with the workers of its shards killed the whole time.
 *
 * A worker that is killed takes nothing along: its programs run to their end, and another worker books them. So the warehouse's
 * own notes must have every order once. Where a program itself is killed, the same order may be told twice, and is kept once.
 * A failure tells the seed; SEED=… kills in the same order again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../fault/seeded-random.ts'
import { isAlive, markedProcesses, RUN_MARK } from '../helpers/marked.ts'
import { type Running, waitFor } from '../helpers/processes.ts'
import { percentile, type Warehouse, warehouseProject } from './warehouse.ts'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))
const SHARDS = 4
const JOB = `{ when: always(), queue: 'orders', shards: ${SHARDS}, retry: '1s,1s,5s,1m' }`
const ORDERS = 10_000
const CUSTOMERS = 400
const PATIENCE_MS = 240_000
const MINUTE_MS = 60_000

test('10,000 orders arrive once, and in order for each customer, while shards are killed', async (t) => {
  const project = await warehouseProject(t, JOB)
  const random = seededRandom(SEED)
  const daemon = project.start('cron-mission', ['daemon'])
  await hasWorkers(project)
  await idle(project, t.diagnostic.bind(t))

  const begin = performance.now()
  let kills = 0
  let isOver = false
  const killing = (async () => {
    while (!isOver) {
      const workers = await livingWorkers(project)
      if (workers.length > 0) {
        process.kill(random.oneOf(workers), 'SIGKILL')
        kills++
      }
      await sleep(1_000 + random.below(5_000))
    }
  })()
  await project.place(ORDERS, CUSTOMERS)
  const placed = performance.now()
  await allArrive(project)
  const arrived = performance.now()
  await isRestartedAgainAndAgain(project, daemon)
  isOver = true
  await killing

  const told = await project.audit()
  const lines = project.events('worker-restarted').map((line) => Number(/ times=(\d+)/.exec(line)?.[1]))
  t.diagnostic(`seed ${SEED}: ${kills} kills, ${lines.length} restarts, in a row ${Math.max(...lines)}`)
  t.diagnostic(`placed in ${seconds(placed - begin)}, arrived ${seconds(arrived - placed)} later`)
  assert.equal(told, 0, 'the warehouse was told of some orders twice')
  assert.ok(kills >= 5)
  await reported(project)
  await ended(project, daemon)
  assert.deepEqual([...new Set(await project.states())], ['done'])
})

test('orders whose programs are killed are told again, and are there once', async (t) => {
  const project = await warehouseProject(t, JOB)
  const daemon = project.start('cron-mission', ['daemon'])
  await hasWorkers(project)

  const placing = project.place(1_000, 40)
  for (let kills = 0; kills < 3; kills++) {
    const before = await project.arrived()
    await waitFor(async () => (await project.arrived()) > before + 20, { what: 'orders to arrive', timeoutMs: 30_000 })
    const programs = markedProcesses(RUN_MARK, process.env[RUN_MARK] ?? '').filter(({ command }) =>
      /php.*warehouse-order/.test(command),
    )
    for (const { pid } of programs) process.kill(pid, 'SIGKILL')
  }
  await placing
  await allArrive(project)

  t.diagnostic(`${await project.audit()} of 1,000 orders were told twice`)
  await ended(project, daemon)
})

test('a shard that died is back with the next tick of the crontab', async (t) => {
  const project = await warehouseProject(t, JOB)
  await tick(project)
  const [victim = 0] = await hasWorkers(project)

  process.kill(victim, 'SIGKILL')
  const killedAt = performance.now()
  await project.place(SHARDS * 10, SHARDS * 10)
  await sleep(MINUTE_MS - (Date.now() % MINUTE_MS))
  await tick(project)
  await hasWorkers(project, victim)
  const back = performance.now() - killedAt
  await allArrive(project)

  assert.equal(await project.audit(), 0)
  t.diagnostic(`back ${seconds(back)} after its end`)
  const stopped = await project.start('cron-mission', ['stop', 'orders']).exited
  assert.deepEqual([stopped.code, stopped.stderr], [0, ''])
  await project.nothingIsLeft()
})

/** One order after the other, each when the one before has arrived; and how soon a shard is back. */
async function idle(project: Warehouse, say: (line: string) => void): Promise<void> {
  await project.place(SHARDS * 10, SHARDS * 10) // the programs are warm then
  await allArrive(project)
  const before = await project.arrived()
  for (let i = 0; i < 60; i++) {
    await project.place(1, SHARDS)
    await waitFor(async () => (await project.arrived()) > before + i, { what: 'the order to arrive' })
  }
  const latencies = await project.latencies(60)
  say(`order to warehouse, one at a time: median ${percentile(latencies, 0.5)}, most ${percentile(latencies, 1)}`)
  assert.ok((latencies[30] ?? 0) < 2_000)

  const [victim = 0] = await hasWorkers(project)
  process.kill(victim, 'SIGKILL')
  const killedAt = performance.now()
  await hasWorkers(project, victim)
  say(`a shard that was killed is back in ${seconds(performance.now() - killedAt)}`)
}

/** Waits until the daemon has said that the workers do not stay; it has waited longer and longer then. */
async function isRestartedAgainAndAgain(project: Warehouse, daemon: Running): Promise<void> {
  const isTold = () => daemon.stderr.includes('The workers of job "orders" end soon after their start')
  const what = 'the daemon to say that the workers do not stay'
  await waitFor(() => isTold() && project.events('worker-restarted').length >= 3, { what, timeoutMs: PATIENCE_MS })
}

/** What a monitor sees. */
async function reported(project: Warehouse): Promise<void> {
  const { code, stdout } = await project.start('cron-mission', ['status']).exited
  assert.match(stdout, /^Job orders: its workers do not stay: missing ones were started \d+ times in the last 10 min/m)
  assert.equal(code, 1)
}

async function livingWorkers(project: Warehouse): Promise<number[]> {
  const rows = await project.db.all<{ pid: number }>(
    "SELECT DISTINCT pid FROM worker WHERE job = 'orders' AND seat IS NOT NULL",
  )
  return rows.map(({ pid }) => Number(pid)).filter(isAlive)
}

/** Waits until every shard has a living worker, and this one is not among them. */
async function hasWorkers(project: Warehouse, victim?: number): Promise<number[]> {
  return waitFor(
    async () => {
      const living = await livingWorkers(project)
      return living.length === SHARDS && living.every((pid) => pid !== victim) ? living : undefined
    },
    { what: `${SHARDS} workers`, timeoutMs: 30_000 },
  )
}

async function allArrive(project: Warehouse): Promise<void> {
  const left = async () => {
    const [row] = await project.db.all<{ n: number }>('SELECT COUNT(*) AS n FROM queue WHERE status <> 1')
    return Number(row?.n)
  }
  await waitFor(async () => (await left()) === 0, { what: 'all orders to arrive', timeoutMs: PATIENCE_MS })
}

async function tick(project: Warehouse): Promise<void> {
  const { code, stderr } = await project.start('cron-mission').exited
  assert.deepEqual([code, stderr], [0, ''])
}

async function ended(project: Warehouse, daemon: Running): Promise<void> {
  daemon.kill('SIGTERM')
  assert.equal((await daemon.exited).code, 0)
  await project.nothingIsLeft()
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
