import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { ownIdentity } from '../../../src/host/identity.ts'
import { insertRun } from '../../../src/queue/store/exec-run.ts'
import { takeSeat } from '../../../src/queue/store/seat.ts'
import { addStop, EVERY } from '../../../src/queue/store/stop.ts'
import type { JobContext } from '../../../src/schedule/language/define.ts'
import { asker } from '../../../src/schedule/tick/ask-job.ts'
import { type Decision, decide } from '../../../src/schedule/tick/decide.ts'
import { runRow } from '../../../src/schedule/tick/exec-run.ts'
import { Facts } from '../../../src/schedule/tick/facts.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { openStore, put } from '../../queue/stores.ts'
import { type Jobs, planned } from './tick-place.ts'

const SLOT = { slotAt: Date.UTC(2026, 10, 20, 2, 30), lateMs: 0 }
const SOON = SLOT.slotAt + 5_000
const MAIL = { when: '* * * * *', queue: 'mail', shards: 2 }
const BACKUP = { when: '30 2 * * *', exec: ['bin/backup'] }
const TERMS = { job: 'one', stateDirectory: '/srv', retry: '', crash: 'retry', timeoutMs: null } as const
const [sqlite] = DATABASES

type Functions = Partial<Record<'onlyIf' | 'shards' | 'enqueue', (context: JobContext) => unknown>>

/** A database, and what would be decided in it. */
async function place(t: TestContext) {
  assert.ok(sqlite)
  const { db } = await openStore(t, sqlite)
  const { host } = ownIdentity()
  return {
    db,
    async decide(job: Jobs[string], functions: Functions = {}, slot = SLOT, now = SOON): Promise<Decision> {
      const [one] = planned({ one: { ...Object(job), ...functions } })
      assert.ok(one)
      const facts = new Facts(db, host)
      const answers = {
        call: async ({ option, context }: { option: keyof Functions; context: JobContext }) =>
          ({ kind: 'value', value: functions[option]?.(context) }) as const,
        end: async () => {},
      }
      const ask = asker(db, facts, answers, { now, host })
      return decide(one, slot, { facts, ask, now, latestMs: db.dialect.latestMs })
    },
  }
}

test('a job that its schedule pauses stays paused, whether or not it is stopped', async (t) => {
  const { db, decide } = await place(t)
  await addStop(db, { job: EVERY, host: EVERY }, 'ana@web-1', 0)

  assert.deepEqual(await decide({ ...BACKUP, paused: 'disk swap' }), no('paused', 'disk swap'))
})

for (const { stop, command } of [
  { stop: { job: EVERY, host: ownIdentity().host }, command: 'cron-mission resume' },
  { stop: { job: 'one', host: ownIdentity().host }, command: 'cron-mission resume one' },
  { stop: { job: EVERY, host: EVERY }, command: 'cron-mission resume --all-hosts' },
  { stop: { job: 'one', host: EVERY }, command: 'cron-mission resume one --all-hosts' },
]) {
  test(`under a stop of ${stop.job}@${stop.host} nothing is started, and it is told that "${command}" lifts it`, async (t) => {
    const { db, decide } = await place(t)
    await addStop(db, stop, 'ana@web-1', 0)

    const decision = await decide(BACKUP)

    assert.ok(decision.kind === 'no' && decision.verdict === 'stopped', JSON.stringify(decision))
    assert.match(decision.reason, /^stopped since .* by ana@web-1: /)
    assert.ok(decision.reason.includes(`${command} starts it again`), decision.reason)
  })
}

test('workers that go by another rule for keys have to leave first', async (t) => {
  const { db, decide } = await place(t)
  await put(db, { task: 'send', queue: 'mail' })
  await takeSeat(db, { queue: 'mail', total: 2, shard: 0 }, ownIdentity(), { ...TERMS, perKey: 2 }, () => false)

  const lanes = await decide(MAIL)
  const other = await decide({ ...MAIL, perKey: 3 })

  assert.ok(lanes.kind === 'wait' && lanes.leave !== undefined && other.kind === 'wait')
  assert.match(lanes.reason, /^workers with perKey 2 have to leave first: 0 by /)
  assert.deepEqual(
    [2, 3, undefined].map((perKey) => lanes.leave?.({ total: 2, perKey })),
    [true, true, false],
  )
  assert.notEqual((await decide({ ...MAIL, perKey: 2 })).kind, 'wait')
})

test('a queue is worked by the shards that have work and that nobody holds', async (t) => {
  const { db, decide } = await place(t)
  const job = { ...MAIL, shards: 60 }
  await put(db, { task: 'send', queue: 'mail', key: 'a' }, { task: 'send', queue: 'mail', key: 'b' })
  const first = await decide(job)
  assert.ok(first.kind === 'start' && first.deed.kind === 'workers')
  const [shard = 0, other] = first.deed.shards
  assert.equal(first.deed.shards.length, 2)

  await takeSeat(db, { queue: 'mail', total: 60, shard }, ownIdentity(), { ...TERMS, job: null }, () => false)

  const second = await decide(job)
  assert.ok(second.kind === 'start' && second.deed.kind === 'workers')
  assert.deepEqual(second.deed.shards, [other])
  assert.match(second.reason, new RegExp(`^1 of 60 shards; held: ${shard} by `))
})

test('overlap of a queue whose shards are all held: skip, queue and replace', async (t) => {
  const { db, decide } = await place(t)
  await put(db, { task: 'send', queue: 'mail' })
  for (const shard of [0, 1]) {
    await takeSeat(db, { queue: 'mail', total: 2, shard }, ownIdentity(), TERMS, () => false)
  }

  const kinds = []
  for (const overlap of ['skip', 'queue', 'replace']) {
    const decision = await decide({ ...MAIL, overlap })
    kinds.push(decision.kind === 'wait' ? [decision.cause, decision.leave !== undefined] : decision.kind)
  }

  assert.deepEqual(kinds, ['no', ['overlap', false], ['overlap', true]])
})

test('shards as a function: it is told of the backlog, and holds while workers of another total are at work', async (t) => {
  const { db, decide } = await place(t)
  await put(db, ...Array.from({ length: 30 }, () => ({ task: 'send', queue: 'mail' })))
  const shards = ({ pending, oldestSeconds }: JobContext) => (oldestSeconds < 60 ? pending / 10 : 0)
  const totalOf = (decision: Decision) =>
    decision.kind === 'start' && decision.deed.kind === 'workers' ? decision.deed.total : decision

  assert.equal(totalOf(await decide(MAIL, { shards })), 3)
  assert.deepEqual(await decide(MAIL, { shards: () => 0 }), no('condition', 'shards gave 0'))
  assert.equal(totalOf(await decide(MAIL, { shards: () => 1_000 })), 60)
  assert.ok((await decide(MAIL, { shards: () => 'many' })).kind === 'no')

  await takeSeat(db, { queue: 'mail', total: 5, shard: 0 }, ownIdentity(), TERMS, () => false)
  assert.equal(totalOf(await decide(MAIL, { shards })), 5)
})

test('onlyIf: true, false, a reason, and what is none of them', async (t) => {
  const { decide } = await place(t)

  assert.equal((await decide(BACKUP, { onlyIf: () => true })).kind, 'start')
  assert.deepEqual(await decide(BACKUP, { onlyIf: () => false }), no('condition', 'onlyIf said no'))
  assert.deepEqual(await decide(BACKUP, { onlyIf: () => 'holiday' }), no('condition', 'holiday'))
  const odd = await decide(BACKUP, { onlyIf: () => 7 })
  assert.ok(odd.kind === 'no' && odd.verdict === 'failed' && odd.trouble)
})

test('onlyIf is told the slot, the clock of the zone and how the last run ended', async (t) => {
  const { decide } = await place(t)
  let told: JobContext | undefined

  await decide(
    { ...BACKUP, timezone: 'Asia/Tokyo' },
    {
      onlyIf: (context) => {
        told = context
        return true
      },
    },
  )

  assert.equal(told?.slot.getTime(), SLOT.slotAt)
  assert.equal(told?.local, '2026-11-20T11:30')
  assert.deepEqual([told?.job, told?.running, told?.last], ['one', 0, undefined])
})

test('what enqueue gives is checked, every field of it, before anything is written', async (t) => {
  const { decide } = await place(t)
  const job = { when: '@daily' }

  const good = await decide(job, { enqueue: () => [{ task: 'a' }, { task: 'b', queue: 'mail' }] })
  assert.ok(good.kind === 'start' && good.deed.kind === 'tasks')
  assert.deepEqual(
    good.deed.rows.map(({ task, queue }) => `${queue}/${task}`),
    ['default/a', 'mail/b'],
  )
  for (const bad of [undefined, 'a', [{ task: 'a', queue: 'no spaces' }], [{}], [null]]) {
    const decision = await decide(job, { enqueue: () => bad })
    assert.ok(decision.kind === 'no' && decision.trouble, JSON.stringify(decision))
  }
})

test('a load above maxLoad keeps a job waiting, as long as it may be late', async (t) => {
  const { decide } = await place(t)
  const busy = { ...BACKUP, maxLoad: 0.000_001 }

  const waits = await decide(busy)
  const gaveUp = await decide(busy, {}, { ...SLOT, lateMs: 3_600_000 })
  const none = await decide({ ...busy, catchUp: { policy: 'none' } })

  if (new Facts({} as never, '').load === 0) return t.skip('the machine has no load')
  assert.deepEqual([waits.kind, gaveUp.kind, none.kind], ['wait', 'no', 'no'])
  assert.equal((await decide({ ...BACKUP, maxLoad: 1_000 })).kind, 'start')
})

test('stopAt: workers leave and a command ends then, and what is later is not begun', async (t) => {
  const { db, decide } = await place(t)
  await put(db, { task: 'send', queue: 'mail' })
  const queue = await decide({ ...MAIL, stopAt: '06:00', maxTime: '9h' })
  const command = await decide({ ...BACKUP, stopAt: '06:00', timeout: '1h' })
  const late = await decide(
    { ...BACKUP, stopAt: '06:00' },
    {},
    { ...SLOT, lateMs: 12_600_000 },
    SLOT.slotAt + 12_600_000,
  )

  const untilSix = 3.5 * 3_600_000 - 5_000
  assert.equal(queue.kind === 'start' && queue.deed.kind === 'workers' && queue.deed.maxTimeMs, untilSix)
  assert.equal(command.kind === 'start' && command.deed.kind === 'run' && command.deed.timeoutMs, 3_600_000)
  assert.deepEqual(late, no('missed', 'it is past its stopAt, 06:00'))
})

test('a command that is at work: the reason names its task', async (t) => {
  const { db, decide } = await place(t)
  const [one] = planned({ one: BACKUP })
  assert.ok(one)
  const id = await insertRun(db, db.dialect, runRow(one, SLOT.slotAt))

  assert.deepEqual(await decide(BACKUP), no('overlap', `task ${id} is ready since an earlier slot`))
})

function no(verdict: string, reason: string) {
  return { kind: 'no', verdict, reason }
}
