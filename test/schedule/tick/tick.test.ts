import assert from 'node:assert/strict'
import test from 'node:test'
import { ownIdentity } from '../../../src/host/identity.ts'
import { openSlots } from '../../../src/queue/store/read-slot.ts'
import { takeSeat } from '../../../src/queue/store/seat.ts'
import { insertSlots, type Verdict } from '../../../src/queue/store/slot.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { put } from '../../queue/stores.ts'
import { OTHER, type TickPlace, tickPlace } from './tick-place.ts'

const BACKUP = { when: '30 2 * * *', exec: ['bin/backup', '--all'] }
const MAIL = { when: '* * * * *', queue: 'mail', shards: 2 }
const TERMS = { job: 'mail', stateDirectory: '/srv', retry: '', crash: 'retry', timeoutMs: null } as const

for (const database of DATABASES) {
  test(`a command is run once for its slot, whoever ticks how often (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)

    for (let i = 0; i < 3; i++) await place.tick('2026-11-20T02:30', { backup: BACKUP })

    assert.deepEqual(await place.ledger(), ['02:30 started'])
    assert.deepEqual(await runsOf(place, 'exec:backup'), ['2026-11-20T02:30:00Z'])
  })

  test(`the command goes to the worker on its command line, and its row tells the slot only (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)

    await place.tick('2026-11-20T02:30', { backup: { ...BACKUP, retry: '5m', timeout: '1h' } })

    const [flags = []] = await place.starts(1)
    assert.equal(flags[flags.indexOf('--exec') + 1], '["bin/backup","--all"]')
    const [row] = await place.db.all<Record<string, unknown>>('SELECT * FROM queue')
    const { task, param, retry, timeout_s, shard_key } = row ?? {}
    assert.deepEqual(
      { task, param, retry, timeout: Number(timeout_s), shard_key },
      { task: 'backup', param: '2026-11-20T02:30:00Z', retry: '5m', timeout: 3600, shard_key: 'backup' },
    )
  })

  test(`a queue with work gets its workers, one without gets none (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)

    await place.tick('2026-11-20T02:30', { mail: MAIL })
    await put(place.db, { task: 'send', queue: 'mail', key: 'a' }, { task: 'send', queue: 'mail', key: 'b' })
    await place.tick('2026-11-20T02:31', { mail: MAIL })

    const verdicts = await place.ledger()
    assert.deepEqual(verdicts, ['02:30 empty', '02:31 started'])
    const [flags = []] = await place.starts(1)
    assert.deepEqual(flags.slice(0, 2), ['--job', 'mail'])
    assert.equal(flags[flags.indexOf('--slot') + 1], '2026-11-20T02:31:00Z')
  })

  test(`what was missed in an outage is caught up, and the rest is noted (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const jobs = { backup: { when: '0 * * * *', exec: ['bin/backup'], catchUp: { policy: 'all', within: '2h' } } }
    await place.tick('2026-11-20T01:00', jobs)

    await place.tick('2026-11-20T04:30', jobs)

    assert.deepEqual(await place.ledger(), ['01:00 started', '02:00 missed', '03:00 started', '04:00 started'])
    assert.deepEqual(await runsOf(place, 'exec:backup'), [
      '2026-11-20T01:00:00Z',
      '2026-11-20T03:00:00Z',
      '2026-11-20T04:00:00Z',
    ])
  })

  test(`a new job, and one that is due otherwise now, is not made up for (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    await place.tick('2026-11-20T01:00', { other: BACKUP })
    await place.tick('2026-11-20T05:00', { other: BACKUP, backup: { ...BACKUP, when: '50 4 * * *' } })

    await place.tick('2026-11-20T05:30', { other: BACKUP, backup: { ...BACKUP, when: '10,20 5 * * *' } })

    assert.deepEqual(await place.ledger('backup'), [])
  })

  test(`of many late slots five are started in a minute, the others in the next (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const jobs = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`job${i}`, { ...BACKUP, exec: ['true'] }]))
    await place.tick('2026-11-20T02:00', jobs)

    await place.tick('2026-11-20T03:00', jobs)
    const first = await place.ledger()
    await place.tick('2026-11-20T03:01', jobs)

    assert.equal(first.filter((one) => one === '02:30 started').length, 5)
    assert.equal(first.filter((one) => one === '02:30 waiting').length, 2)
    assert.deepEqual(new Set(await place.ledger()), new Set(['02:30 started']))
  })

  test(`a run that is still at work: skip, queue, replace and allow (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const job = (overlap: string) => ({ when: '* * * * *', exec: ['true'], overlap })
    const jobs = { skip: job('skip'), queue: job('queue'), replace: job('replace'), allow: job('allow') }

    for (const minute of ['02:30', '02:31', '02:32']) await place.tick(`2026-11-20T${minute}`, jobs)

    assert.deepEqual(await place.ledger('skip'), ['02:30 started', '02:31 overlap', '02:32 overlap'])
    assert.deepEqual(await place.ledger('queue'), ['02:30 started', '02:31 started', '02:32 overlap'])
    assert.deepEqual(await place.ledger('allow'), ['02:30 started', '02:31 started', '02:32 started'])
    assert.deepEqual(await statusesOf(place, 'exec:replace'), ['cancelled', 'cancelled', 'ready'])
    assert.deepEqual(await statusesOf(place, 'exec:skip'), ['ready'])
  })

  test(`how a run ended stands in its slot (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    await place.tick('2026-11-20T02:30', { backup: BACKUP })
    await place.db.run(`UPDATE queue SET status = 3, exit_code = 9, finished_at = ${place.db.dialect.now}`)

    const { ended } = await place.tick('2026-11-20T02:31', { backup: BACKUP })

    assert.deepEqual(
      ended.map(({ slot, outcome, exitCode }) => [slot.job, outcome, exitCode]),
      [['backup', 'failed', 9]],
    )
    const [slot] = await place.slots()
    assert.deepEqual([slot?.isOpen, slot?.outcome, slot?.exitCode], [false, 'failed', 9])
    assert.ok(slot?.endedAt)
    assert.deepEqual((await place.tick('2026-11-20T02:32', { backup: BACKUP })).ended, [])
  })

  test(`a run whose worker is not there gets one, in every minute until it has (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)

    await place.tick('2026-11-20T02:30', { backup: BACKUP })
    await place.tick('2026-11-20T02:31', { backup: BACKUP })

    const started = await place.starts(2)
    assert.ok(started.every((flags) => flags.includes('--exec')))
    const seat = { queue: 'exec:backup', total: 1, shard: 0 }
    await takeSeat(place.db, seat, ownIdentity(), { ...TERMS, job: 'backup' }, () => false)
    const { started: third } = await place.tick('2026-11-20T02:32', { backup: BACKUP })
    assert.equal(third.length, 0)
  })

  test(`a slot whose tick died before its workers were started is taken over (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    await put(place.db, { task: 'send', queue: 'mail' })
    const died = { ...ownIdentity(), pid: 1, pidStart: 1 }
    for (const [minute, owner] of [
      [30, died],
      [31, ownIdentity()],
      [32, OTHER],
    ] as const) {
      const slot = { job: 'mail', slotAt: Date.UTC(2026, 10, 20, 2, minute), place: '' }
      await insertSlots(place.db, place.db.dialect, [starting(slot)], owner)
    }
    const jobs = { mail: { ...MAIL, when: '0 0 1 1 *', shards: 1 } }
    await place.tick('2026-11-20T02:33', jobs)
    assert.deepEqual(await place.ledger(), ['02:30 starting', '02:31 starting', '02:32 starting'], 'too early')

    await place.db.run(`UPDATE slot SET mtime = ${place.db.dialect.fromNow('?')}`, [-60_000])
    await place.tick('2026-11-20T02:34', jobs)
    assert.deepEqual(await place.ledger(), ['02:30 started', '02:31 starting', '02:32 starting'])

    await place.db.run(`UPDATE slot SET mtime = ${place.db.dialect.fromNow('?')} WHERE is_open = 1`, [-600_000])
    await place.tick('2026-11-20T02:35', jobs)
    assert.deepEqual(await place.ledger(), ['02:30 started', '02:31 started', '02:32 started'])
  })

  test(`a job that is after another runs for its slots, once they have ended well (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const after = (job: string) => ({ kind: 'after', job, within: '2h' })
    const jobs = { import: { ...BACKUP, exec: ['true'] }, rollup: { when: after('import'), exec: ['true'] } }
    await place.tick('2026-11-20T02:30', jobs)
    await place.tick('2026-11-20T02:31', jobs)
    assert.deepEqual(await place.ledger('rollup'), [])

    await place.db.run(`UPDATE queue SET status = 1, finished_at = ${place.db.dialect.fromMs('?')}`, [
      Date.UTC(2026, 10, 20, 2, 31),
    ])
    for (const minute of ['02:32', '02:33']) await place.tick(`2026-11-20T${minute}`, jobs)

    assert.deepEqual(await place.ledger('rollup'), ['02:30 started'])
  })

  test(`a job that is new does not come after what had ended before (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const first = { import: { ...BACKUP, exec: ['true'] } }
    await place.tick('2026-11-20T02:30', first)
    await place.db.run(`UPDATE queue SET status = 1, finished_at = ${place.db.dialect.fromMs('?')}`, [
      Date.UTC(2026, 10, 20, 2, 31),
    ])
    await place.tick('2026-11-20T02:32', first)
    const both = { ...first, rollup: { when: { kind: 'after', job: 'import', within: '2h' }, exec: ['true'] } }

    for (const minute of ['02:33', '02:34', '02:35']) await place.tick(`2026-11-20T${minute}`, both)

    assert.deepEqual(await place.ledger('rollup'), [])
  })

  test(`a job that is after one that failed, or ended too late, is not run (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const jobs = {
      failing: { ...BACKUP, exec: ['true'] },
      late: { ...BACKUP, exec: ['true'] },
      first: { when: { kind: 'after', job: 'failing', within: '2h' }, exec: ['true'] },
      second: { when: { kind: 'after', job: 'late', within: '2h' }, exec: ['true'] },
      third: { when: { kind: 'after', job: 'first', within: '2h' }, exec: ['true'] },
    }
    await place.tick('2026-11-20T02:30', jobs)
    const end = (task: string, status: number, hour: number) =>
      place.db.run(`UPDATE queue SET status = ?, finished_at = ${place.db.dialect.fromMs('?')} WHERE task = ?`, [
        ...[status, Date.UTC(2026, 10, 20, hour), task],
      ])
    await end('failing', 3, 3)
    await end('late', 1, 5)

    for (const minute of ['05:01', '05:02', '05:03']) await place.tick(`2026-11-20T${minute}`, jobs)

    const verdicts = await Promise.all(['first', 'second', 'third'].map((job) => place.ledger(job)))
    assert.deepEqual(verdicts, [['02:30 blocked'], ['02:30 missed'], ['02:30 blocked']])
  })

  test(`workers that are always at work are started when they are missing, and leave no trace else (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const jobs = { orders: { when: { kind: 'always' }, queue: 'orders', shards: 2 } }
    await place.tick('2026-11-20T02:30', jobs)
    const started = await place.starts(2)
    assert.ok(started.every((flags) => flags.includes('--watch')))
    for (const shard of [0, 1]) {
      const seat = { queue: 'orders', total: 2, shard }
      await takeSeat(place.db, seat, ownIdentity(), { ...TERMS, job: 'orders' }, () => false)
    }

    await place.tick('2026-11-20T02:31', jobs)

    assert.deepEqual(await place.ledger(), ['02:30 started'])
  })

  test(`another number of shards waits until the workers of the old one have left (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    await put(place.db, { task: 'send', queue: 'mail' })
    const seat = { queue: 'mail', total: 4, shard: 3 }
    await takeSeat(place.db, seat, OTHER, TERMS, () => false)

    await place.tick('2026-11-20T02:30', { mail: MAIL })

    assert.deepEqual(await place.ledger(), ['02:30 waiting'])
    const [worker] = await place.db.all<{ drain_at: unknown }>('SELECT drain_at FROM worker')
    assert.notEqual(worker?.drain_at, null, 'asked to leave')
    await place.db.run('DELETE FROM worker')
    await place.tick('2026-11-20T02:31', { mail: MAIL })
    assert.deepEqual(await place.ledger(), ['02:30 overlap', '02:31 started'])
  })

  test(`hosts: a job is decided by those it names only (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const own = ownIdentity().host
    const jobs = { here: { ...BACKUP, hosts: [own] }, there: { ...BACKUP, hosts: ['web-9'] } }

    await place.tick('2026-11-20T02:30', jobs)

    assert.deepEqual(
      (await place.slots()).map(({ job }) => job),
      ['here'],
    )
  })

  test(`a host that was away looks back for the jobs that only it may start (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const own = ownIdentity().host
    const jobs = { here: { ...BACKUP, hosts: [own] }, any: BACKUP }
    await place.tick('2026-11-20T02:00', jobs)
    await place.tick('2026-11-20T02:45', jobs, { self: OTHER })

    await place.tick('2026-11-20T03:00', jobs)

    const found = (await place.slots()).map(({ job, verdict, owner }) => `${job} ${verdict} ${owner.host}`)
    assert.deepEqual(found.toSorted(), ['any started web-2', `here started ${own}`])
  })

  test(`a job that the schedule has no more leaves nothing open (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    await place.tick('2026-11-20T02:30', { backup: BACKUP })

    await place.tick('2026-11-20T02:31', {}, { unreadable: ['backup'] })
    await place.tick('2026-11-20T02:31', {})
    assert.equal((await openSlots(place.db)).length, 1, 'it only cannot be read, or is of a newer schedule')
    await place.db.run(`UPDATE slot SET mtime = ${place.db.dialect.fromNow('?')}`, [-60_000])
    await place.tick('2026-11-20T02:32', {})

    assert.equal((await openSlots(place.db)).length, 0)
    assert.deepEqual(await statusesOf(place, 'exec:backup'), ['cancelled'])
  })

  test(`a worker that cannot be started is tried again, for as long as its slot may be late (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    await put(place.db, { task: 'send', queue: 'mail' })
    const jobs = { mail: { ...MAIL, when: '30 2 * * *', catchUp: { policy: 'latest', within: '2m' } } }
    const launcher = {
      doQueue: '/nowhere',
      directory: '/nowhere/at/all',
      environment: {},
      logDescriptor: () => 1,
      wait: false,
    }

    const { troubles } = await place.tick('2026-11-20T02:30', jobs, { launcher })
    assert.match(troubles.join(), /The job "mail" could not be started: .*ENOENT/)
    assert.deepEqual(await place.ledger(), ['02:30 waiting'])

    await place.tick('2026-11-20T02:31', jobs)
    assert.deepEqual(await place.ledger(), ['02:30 started'])
  })
}

async function runsOf({ db }: TickPlace, queue: string): Promise<string[]> {
  const rows = await db.all<{ param: string }>('SELECT param FROM queue WHERE queue = ? ORDER BY id', [queue])
  return rows.map(({ param }) => param)
}

async function statusesOf({ db }: TickPlace, queue: string): Promise<string[]> {
  const rows = await db.all<{ status: number }>('SELECT status FROM queue WHERE queue = ? ORDER BY id', [queue])
  return rows.map(
    ({ status }) => ['ready', 'done', 'running', 'failed', 'scheduled', 'cancelled'][Number(status)] ?? '',
  )
}

function starting(slot: { job: string; slotAt: number; place: string }) {
  const verdict: Verdict = 'starting'
  return { ...slot, verdict, reason: '1 shard', isOpen: true }
}
