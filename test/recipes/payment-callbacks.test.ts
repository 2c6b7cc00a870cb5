/**
 * docs/recipes/payment-callbacks.md against real receivers: 25 hours of a database's clock, with the times at which they are told.
 *
 * The clock is the server's own, moved from one due time to the next while no worker is at work. A worker's lease goes by that
 * clock, so a jump of hours under a living worker would be an outage, which is not what is tried here.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES } from '../helpers/databases.ts'
import { startMovingClock } from '../helpers/moving-clock.ts'
import { waitFor } from '../helpers/processes.ts'
import { type Answer, type Receiver, startReceiver } from './receiver.ts'

const SAMPLE = readFileSync(join(import.meta.dirname, '../../tasks/notify-payment.ts'), 'utf8')
const RETRY = '2m,10m,10m,1h,2h,6h,15h'
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** The waits between the attempts, as the list says. */
const WAITS_MS = [2 * MINUTE_MS, 10 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 6 * HOUR_MS, 15 * HOUR_MS]
/** How late the start of a program may be on a machine that has other things to do. */
const LATE_MS = 30_000
/** As a job with `perKey: 2` has its workers started. */
const SEND = ['--queue', 'payments', '--concurrency', '8', '--per-key', '2', '--quiet']

/** What becomes of each payment: the receiver's answers, one for each attempt. */
const LOST: readonly Answer[] = ['fail', 'hang', 'reset', 'fail', 'hang', 'reset', 'fail', 'fail']
const RECOVERS: readonly Answer[] = ['fail', 'reset', 'hang', 'ok']
const WELL: readonly Answer[] = ['ok']

test('a payment is told eight times in 25 hours, until the first answer, and never when it has expired', async (t) => {
  const clock = await startMovingClock(t)
  const project = await queueProject(t, clock.database, { tasks: { 'notify-payment.ts': SAMPLE } })
  const answers = new Map([LOST, RECOVERS, WELL, LOST].map((list, i) => [i + 1, list]))
  const receiver = await startReceiver(t, (payment, n) => answers.get(payment)?.[n - 1] ?? 'fail', clock.now)
  const ids = new Map<number, number>()
  for (const [payment, hours] of [
    [1, 25],
    [2, 25],
    [3, 25],
    [4, 9],
  ] as const) {
    ids.set(payment, await pay(project, receiver, payment, hours))
    assert.equal(await pay(project, receiver, payment, hours), ids.get(payment), 'the site pays twice')
  }

  for (let runs = 0; ; runs++) {
    assert.ok(runs < 60, 'there is no end of it')
    await send(project)
    if (runs === 0) await showsTheTimes(project, ids.get(1) ?? 0)
    const due = await nextDue(project)
    if (due === undefined) break
    const told = receiver.calls.length
    if (due - clock.now() > 2 * MINUTE_MS) {
      clock.moveTo(due - MINUTE_MS)
      await send(project)
      assert.equal(receiver.calls.length, told, 'nothing is told a minute too early')
    }
    if (due > clock.now()) clock.moveTo(due)
  }
  clock.moveTo(clock.now() + 48 * HOUR_MS)
  await send(project)

  assert.deepEqual(await project.states(), ['failed', 'done', 'done', 'failed'])
  const calls = (payment: number) => receiver.calls.filter((call) => call.payment === payment)
  assert.deepEqual(
    [1, 2, 3, 4].map((payment) => calls(payment).length),
    [8, 4, 1, 6],
  )
  for (const payment of [1, 2, 4]) {
    assert.equal(new Set(calls(payment).map(({ key }) => key)).size, 1, 'one key for all attempts')
    await atTheTimes(
      project,
      ids.get(payment),
      calls(payment).map(({ at }) => at),
    )
  }
  const begin = calls(1)[0]?.at ?? 0
  t.diagnostic(
    `payment 1 was told at ${calls(1)
      .map(({ at }) => minutes(at - begin))
      .join(', ')} minutes`,
  )
  assert.ok((calls(1).at(-1)?.at ?? 0) - begin < 25 * HOUR_MS)
  assert.match((await project.row(ids.get(4))).error ?? '', /expire/)
  assert.equal(await pay(project, receiver, 2, 25), ids.get(2), 'also when it was told long ago')
})

test('the payments of a receiver that hangs do not delay those of another', async (t) => {
  const [, mariadb] = DATABASES
  if (mariadb === undefined) throw new Error('There is no MariaDB.')
  const project = await queueProject(t, mariadb, { tasks: { 'notify-payment.ts': SAMPLE } })
  let isDead = true
  const dead = await startReceiver(t, () => (isDead ? 'hang' : 'ok'))
  const well = await startReceiver(t, () => 'ok')
  for (let payment = 1; payment <= 200; payment++) await pay(project, dead, payment, 25)
  for (let payment = 201; payment <= 220; payment++) await pay(project, well, payment, 25)

  const worker = project.start('do-queue', [...SEND, '--watch'], { env: { NOTIFY_TIMEOUT_MS: '3000' } })
  await waitFor(() => well.calls.length === 20, { what: 'the receiver that is well to be told', timeoutMs: 60_000 })
  const meanwhile = dead.calls.length
  isDead = false
  await waitFor(async () => (await waiting(project)).length === 0, {
    what: 'the other receiver to be told as well',
    timeoutMs: 120_000,
  })
  worker.kill()
  await worker.exited

  t.diagnostic(`20 payments were told while ${meanwhile} of the 200 before them were`)
  assert.ok(meanwhile <= 60, `${meanwhile} of 200 came first`)
  assert.equal(dead.mostAtOnce, 2)
  assert.deepEqual([...new Set(well.calls.map(({ payment }) => payment))].length, 20)
  await project.nothingIsLeft()
})

/** As the site does it, which may be told by its bank more than once. @returns the id of the task */
async function pay(project: QueueProject, receiver: Receiver, payment: number, hours: number): Promise<number> {
  const param = `url=${encodeURIComponent(receiver.url)}&payment=${payment}&status=paid`
  await project.db.run(
    `INSERT INTO queue (queue, task, param, shard_key, retry, expires_at, unique_key, keep_unique)
     VALUES ('payments', 'notify-payment', ?, ?, ?, NOW(3) + INTERVAL ? HOUR, ?, 1)
     ON DUPLICATE KEY UPDATE id = id`,
    [param, new URL(receiver.url).host, RETRY, hours, `payment:${payment}`],
  )
  const rows = await project.db.all<{ id: number }>('SELECT id FROM queue WHERE param = ?', [param])
  assert.equal(rows.length, 1)
  return Number(rows[0]?.id)
}

/** Works what is due, as the workers that a tick starts do. */
async function send(project: QueueProject): Promise<void> {
  const { code, stderr } = await project.run('do-queue', SEND, { env: { NOTIFY_TIMEOUT_MS: '300' } })
  assert.deepEqual([code, stderr], [0, ''])
}

/** @returns the time at which the next attempt is due, or undefined when there is none: UTC milliseconds */
async function nextDue({ db }: QueueProject): Promise<number | undefined> {
  const [row] = await db.all<{ at: number | null }>(
    `SELECT ${db.dialect.asMs('MIN(run_at)')} AS at FROM queue WHERE status IN (0, 4)`,
  )
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at)
}

async function waiting({ db }: QueueProject): Promise<unknown[]> {
  return db.all('SELECT id FROM queue WHERE status IN (0, 2) OR (status = 4 AND attempts = 0)')
}

/** What an operator is shown after the first attempt: when the seven that are left will be. */
async function showsTheTimes(project: QueueProject, id: number): Promise<void> {
  const { stdout } = await project.run('queuectl', ['show', String(id), '--json'])
  const shown = JSON.parse(stdout)
  const [first, ...others] = shown.next.attempts.map(({ at }: { at: string }) => Date.parse(at))
  assert.equal(first, Date.parse(shown.runAt))
  const waits = others.map((at: number, i: number) => at - (i === 0 ? first : others[i - 1]))
  assert.deepEqual(waits, WAITS_MS.slice(1))
}

/** The table of attempts and the receiver agree: each began when its time had come, and not much later. */
async function atTheTimes({ db }: QueueProject, id: number | undefined, told: readonly number[]): Promise<void> {
  const { asMs } = db.dialect
  const rows = await db.all<{ started: number; finished: number }>(
    `SELECT ${asMs('started_at')} AS started, ${asMs('finished_at')} AS finished FROM attempt
      WHERE task_id = ? ORDER BY id`,
    [id ?? 0],
  )
  const [last] = await db.all<{ started: number; finished: number }>(
    `SELECT ${asMs('started_at')} AS started, ${asMs('finished_at')} AS finished FROM queue WHERE id = ?`,
    [id ?? 0],
  )
  const attempts = [...rows, ...(last === undefined ? [] : [last])].slice(0, told.length)
  assert.equal(attempts.length, told.length)
  attempts.forEach(({ started, finished }, i) => {
    const at = told[i] ?? 0
    assert.ok(at > Number(started) - LATE_MS && at < Number(finished) + LATE_MS, `attempt ${i + 1} was at that time`)
    const wait = Number(attempts[i + 1]?.started) - Number(finished)
    if (i + 1 < attempts.length) {
      const due = WAITS_MS[i] ?? 0
      assert.ok(wait >= due - 5 && wait < due + LATE_MS, `${wait} ms before attempt ${i + 2} instead of ${due}`)
    }
  })
}

function minutes(ms: number): string {
  return (ms / MINUTE_MS).toFixed(1)
}
