import assert from 'node:assert/strict'
import test from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { STATUS, STATUS_NAMES, type StatusName } from '../../src/queue/status.ts'
import { asked } from '../../src/queue/store/asked.ts'
import { type Change, type ChangeOptions, changeTasks } from '../../src/queue/store/change.ts'
import type { Verb } from '../../src/queue/store/change-rules.ts'
import { finish } from '../../src/queue/store/finish.ts'
import { giveBack } from '../../src/queue/store/give-back.ts'
import { rowConditions } from '../../src/queue/store/selection.ts'
import { DATABASES } from '../helpers/databases.ts'
import { claimSome, databaseNow, finishOf, openStore, PATIENCE_MS, put, row } from './stores.ts'

const MINUTE = 60_000
const VERBS = ['cancel', 'hold', 'release', 'retry'] as const

/** What each verb makes of a task in each state; what is missing is refused. */
const CHANGES: Readonly<Record<Verb, Partial<Record<StatusName, StatusName | 'already'>>>> = {
  cancel: { ready: 'cancelled', scheduled: 'cancelled', held: 'cancelled', running: 'running', cancelled: 'already' },
  hold: { ready: 'held', scheduled: 'held', held: 'already' },
  release: { held: 'ready', ready: 'already', scheduled: 'already' },
  retry: { done: 'ready', failed: 'ready', cancelled: 'ready', scheduled: 'ready', ready: 'already' },
}

for (const database of DATABASES) {
  test(`of two that change the same tasks each is told of its own (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    await put(db, ...new Array(200).fill({ task: 'a' }))
    const others = [db, await open(), await open()]

    const told = await Promise.all(others.map((it) => change(it, 'cancel', numbers(200))))

    const words = told.flat().map(inWords)
    assert.deepEqual(
      ['changed to cancelled', 'already'].map((word) => words.filter((it) => it === word).length),
      [200, 400],
    )
  })

  for (const verb of VERBS) {
    test(`${verb} is for some states, changes no other, and a dry run says the same (${database.name})`, async (t) => {
      const { db } = await openStore(t, database)
      const ids = await oneOfEach(db)
      const before = await states(db, ids)

      const foretold = await change(db, verb, ids, { dryRun: true })
      const untouched = await states(db, ids)
      const told = await change(db, verb, ids)

      const expected = STATUS_NAMES.map((name) => {
        const then = CHANGES[verb][name]
        return then === undefined ? 'refused' : then === 'already' ? 'already' : `changed to ${then}`
      })
      assert.deepEqual(told.map(inWords), expected)
      assert.deepEqual(foretold, told)
      assert.deepEqual(untouched, before)
      assert.deepEqual(
        await states(db, ids),
        STATUS_NAMES.map((name) => {
          const then = CHANGES[verb][name]
          return then === undefined || then === 'already' ? name : then
        }),
      )
    })
  }

  test(`what waits and is cancelled is finished at once, and frees its unique key unless it keeps it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a', unique: 'mail:1' }, { task: 'a', unique: 'mail:2', keepUnique: true, inMs: MINUTE })

    await change(db, 'cancel', [1, 2])

    const now = await databaseNow(db)
    for (const id of [1, 2]) {
      const { status, cancel_at, finished_at, finished_at_ms } = await row(db, id)
      assert.equal(status, STATUS.cancelled)
      assert.deepEqual(cancel_at, finished_at)
      assert.ok(now - Number(finished_at_ms) < 10_000)
    }
    assert.deepEqual([(await row(db, 1)).unique_key, (await row(db, 2)).unique_key], [null, 'mail:2'])
  })

  test(`of what runs, cancel sets the time it was asked at and nothing else, once (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a', unique: 'mail:1' })
    await claimSome(db)
    const before = await row(db, 1)

    const first = await change(db, 'cancel', [1])
    const after = await row(db, 1)
    const second = await change(db, 'cancel', [1])

    assert.deepEqual(without(after, 'cancel_at', 'mtime'), without(before, 'cancel_at', 'mtime'))
    assert.deepEqual([before.cancel_at, after.cancel_at === null], [null, false])
    assert.deepEqual(await row(db, 1), after)
    const now = { state: 'running', cancelling: true, expired: false, shardKey: null }
    assert.deepEqual(first, [{ id: 1, kind: 'changed', from: { ...now, cancelling: false }, now }])
    assert.deepEqual(second, [{ id: 1, kind: 'already', now }])
  })

  test(`a task that was cancelled while it ran is cancelled when it is booked or given back, unless it is done (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'a' }, { task: 'a' })
    const [first, second, third] = await claimSome(db)
    assert.ok(first && second && third)
    await change(db, 'cancel', [1, 2, 3])

    await finish(db, [finishOf(first, { kind: 'again', delayMs: MINUTE, counted: true })], PATIENCE_MS)
    await giveBack(db, [second], PATIENCE_MS)
    await finish(db, [finishOf(third, { kind: 'done' })], PATIENCE_MS)

    assert.deepEqual(await states(db, [1, 2, 3]), ['cancelled', 'cancelled', 'done'])
  })

  test(`what is held and released waits as before, its time and its attempts kept (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'a', inMs: MINUTE })
    await db.run('UPDATE queue SET attempts = 2, crashes = 1, exit_code = 3')
    const before = [await row(db, 1), await row(db, 2)]

    const held = await change(db, 'hold', [1, 2])
    const claimed = await claimSome(db)
    const released = await change(db, 'release', [1, 2])

    assert.deepEqual(held.map(inWords), ['changed to held', 'changed to held'])
    assert.deepEqual(claimed, [])
    assert.deepEqual(released.map(inWords), ['changed to ready', 'changed to scheduled'])
    for (const [i, id] of [1, 2].entries()) {
      assert.deepEqual(without(await row(db, id), 'mtime'), without(before[i] ?? {}, 'mtime'))
    }
  })

  test(`what was scheduled when it was held is ready when its time has come meanwhile (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a', inMs: MINUTE })
    await change(db, 'hold', [1])
    await db.run(`UPDATE queue SET run_at = ${db.dialect.fromNow('?')}`, [-1])

    const released = await change(db, 'release', [1])

    assert.deepEqual(released.map(inWords), ['changed to ready'])
  })

  test(`a retried task begins anew: a quarantined one has neither attempts nor crashes behind it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a', param: 'x' })
    const [task] = await claimSome(db)
    assert.ok(task)
    const output = { file: 'do-queue-2026-11-20.log', offset: 7, bytes: 9 }
    const quarantined = { crashes: 5, exitSignal: 'SIGSEGV', error: 'quarantined', output }
    await finish(db, [finishOf(task, { kind: 'failed' }, quarantined)], PATIENCE_MS)

    await change(db, 'retry', [1])

    const fresh = await row(db, 1)
    assert.deepEqual([fresh.status, fresh.attempts, fresh.crashes], [0, 0, 0])
    for (const name of ['exit_code', 'exit_signal', 'error', 'started_at', 'finished_at', 'claim_token', 'worker_id'])
      assert.equal(fresh[name], null, name)
    assert.equal(fresh.log_file, output.file, 'its last output can still be found')
    const [again] = await claimSome(db)
    assert.deepEqual([again?.attempt, again?.crashes, again?.param], [1, 0, 'x'])
  })

  test(`a retried task is no longer cancelled (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' })
    await change(db, 'cancel', [1])

    await change(db, 'retry', [1])

    const [task] = await claimSome(db)
    assert.ok(task)
    assert.deepEqual(await asked(db, [task]), { cancelled: [], lost: [] })
  })

  test(`retry brings what is scheduled forward, and it keeps what it has used up (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a', inMs: MINUTE }, { task: 'a' })
    await db.run('UPDATE queue SET attempts = 2, crashes = 1, exit_code = 3')
    await db.run(`UPDATE queue SET run_at = ${db.dialect.fromNow('?')} WHERE id = 2`, [MINUTE])

    const told = await change(db, 'retry', [1, 2])

    assert.deepEqual(told.map(inWords), ['changed to ready', 'changed to ready'])
    const { attempts, crashes, exit_code, run_at_ms } = await row(db, 1)
    assert.deepEqual([attempts, crashes, exit_code], [2, 1, 3])
    assert.ok(Number(run_at_ms) <= (await databaseNow(db)))
    assert.deepEqual(
      (await claimSome(db)).map(({ attempt }) => attempt),
      [3, 3],
    )
  })

  test(`what has expired is not retried unless its expiry is dropped (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...STATUS_NAMES.map(() => ({ task: 'a', expires: new Date(Date.now() + MINUTE) })))
    const ids = await oneOfEach(db, [1, 2, 3, 4, 5, 6, 7])
    const expiry = (id: number) => row(db, id).then(({ expires_at }) => expires_at)
    const toCome = await expiry(1)
    await db.run(`UPDATE queue SET expires_at = ${db.dialect.fromNow('?')} WHERE status <> 1`, [-1])

    const refused = await change(db, 'retry', ids)
    const retried = await change(db, 'retry', ids, { dropExpiry: true })

    const of = (name: StatusName, changes: readonly Change[]) => inWords(changes[STATUS_NAMES.indexOf(name)])
    assert.deepEqual(
      (['done', 'failed', 'scheduled', 'cancelled'] as const).map((name) => of(name, refused)),
      ['changed to ready', 'refused', 'refused', 'refused'],
    )
    assert.deepEqual(
      (['failed', 'scheduled', 'cancelled', 'running', 'held'] as const).map((name) => of(name, retried)),
      ['changed to ready', 'changed to ready', 'changed to ready', 'refused', 'refused'],
    )
    assert.ok(refused.every((it) => it.kind !== 'refused' || it.now.expired))
    assert.equal(await expiry(4), null)
    assert.notEqual(await expiry(2), null, 'an expiry to come stays')
    assert.notEqual(toCome, null)
  })

  test(`a unique key that another task has taken meanwhile keeps nothing from being retried (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a', unique: 'mail:1' })
    await change(db, 'cancel', [1])
    await put(db, { task: 'b', unique: 'mail:1' })

    const told = await change(db, 'retry', [1])

    assert.deepEqual(told.map(inWords), ['changed to ready'])
    assert.equal((await row(db, 1)).unique_key, null)
  })

  test(`of tasks that are cancelled while workers claim them, each is cancelled or its worker is asked to stop (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    await put(db, ...Array.from({ length: 600 }, () => ({ task: 'a' })))
    const ids = Array.from({ length: 600 }, (_, i) => i + 1)
    const workers = [await open(), await open()]

    const [told, ...claims] = await Promise.all([
      change(db, 'cancel', ids),
      ...workers.map((worker) => claimSome(worker, { limit: 200 })),
    ])

    const claimed = claims.flat().map(({ id }) => id)
    const rows = await db.all<{ status: number; cancel_at: unknown }>('SELECT status, cancel_at FROM queue')
    assert.ok(rows.every(({ cancel_at }) => cancel_at !== null))
    assert.equal(rows.filter(({ status }) => status === STATUS.running).length, claimed.length)
    assert.deepEqual(
      told.map(({ id, kind }) => ({ id, kind })),
      ids.map((id) => ({ id, kind: 'changed' })),
    )
    assert.deepEqual(
      told.flatMap((it) => (it.kind === 'changed' && it.now.cancelling ? it.id : [])),
      claimed.toSorted((a, b) => a - b),
    )
  })

  test(`of tasks that are held while workers claim them, each is held or runs, and is told as what it is (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    await put(db, ...Array.from({ length: 600 }, () => ({ task: 'a' })))
    const ids = Array.from({ length: 600 }, (_, i) => i + 1)
    const worker = await open()

    const [told, claimed] = await Promise.all([change(db, 'hold', ids), claimSome(worker, { limit: 300 })])

    const running = new Set(claimed.map(({ id }) => id))
    assert.deepEqual(
      told.map(inWords),
      ids.map((id) => (running.has(id) ? 'refused' : 'changed to held')),
    )
  })

  test(`a task that is claimed between the look and the write is not changed (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'a' })
    const hurried: Driver = Object.create(db, {
      all: { value: db.all.bind(db) },
      transaction: {
        value: async (work: Parameters<Driver['transaction']>[0]) => {
          await claimSome(db, { limit: 1 })
          return db.transaction(work)
        },
      },
    })

    const told = await change(hurried, 'hold', [1, 2])

    assert.deepEqual(told.map(inWords), ['refused', 'changed to held'])
    assert.deepEqual(await states(db, [1, 2]), ['running', 'held'])
  })

  test(`a task that a worker claims as soon as it is retried is told as retried (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    await put(db, ...Array.from({ length: 300 }, () => ({ task: 'a' })))
    await db.run('UPDATE queue SET status = 3')
    const ids = Array.from({ length: 300 }, (_, i) => i + 1)
    const worker = await open()

    const [told] = await Promise.all([change(db, 'retry', ids), claimAll(worker, ids.length)])

    assert.deepEqual(
      told.map(inWords),
      ids.map(() => 'changed to ready'),
    )
  })

  test(`a task that is not there is missing, and none at all is no error (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' })

    assert.deepEqual((await change(db, 'hold', [1, 2])).map(inWords), ['changed to held', 'missing'])
    assert.deepEqual(await change(db, 'hold', []), [])
  })

  test(`a person's word goes before a pause's, and not before a move's (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...Array.from({ length: 4 }, () => ({ task: 'a' })))
    await db.run("UPDATE queue SET status = 6, held_for = 'pause' WHERE id IN (1, 2)")
    await db.run("UPDATE queue SET status = 6, held_for = 'move:x' WHERE id IN (3, 4)")

    const held = await change(db, 'hold', [1, 3])
    const heldFor = [(await row(db, 1)).held_for, (await row(db, 3)).held_for]
    const again = await change(db, 'hold', [1])
    const released = await change(db, 'release', [2, 4])
    const cancelled = await change(db, 'cancel', [1, 4])

    assert.deepEqual(held.map(inWords), ['changed to held', 'already'])
    assert.deepEqual(heldFor, [null, 'move:x'])
    assert.deepEqual(again.map(inWords), ['already'])
    assert.deepEqual(released.map(inWords), ['changed to ready', 'refused'])
    assert.deepEqual(cancelled.map(inWords), ['changed to cancelled', 'refused'])
    assert.deepEqual([(await row(db, 2)).held_for, (await row(db, 4)).held_for], ['let-go', 'move:x'])
  })

  test(`only what is selected at the moment of the write is changed (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'b' }, { task: 'a' })
    await db.run('UPDATE queue SET status = CASE WHEN id = 3 THEN 1 ELSE 3 END')
    const only = rowConditions(db.dialect, { states: ['failed'], tasks: ['a'] })

    const told = await change(db, 'retry', [1, 2, 3], { only })

    assert.deepEqual(told.map(inWords), ['changed to ready', 'refused', 'refused'])
    assert.deepEqual(await states(db, [1, 2, 3]), ['ready', 'failed', 'done'])
  })
}

function change(db: Driver, verb: Verb, ids: readonly number[], options: Partial<ChangeOptions> = {}) {
  return changeTasks(db, verb, ids, { patienceMs: PATIENCE_MS, ...options })
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

async function claimAll(db: Driver, count: number): Promise<void> {
  let claimed = 0
  while (claimed < count) claimed += (await claimSome(db)).length
}

/** A row in each state, in the order of `STATUS_NAMES`. @returns their ids */
async function oneOfEach(db: Driver, given?: readonly number[]): Promise<number[]> {
  if (given === undefined) await put(db, ...STATUS_NAMES.map(() => ({ task: 'a' })))
  const ids = given ?? STATUS_NAMES.map((_, i) => i + 1)
  for (const [i, name] of STATUS_NAMES.entries())
    await db.run('UPDATE queue SET status = ? WHERE id = ?', [STATUS[name], ids[i] ?? 0])
  await db.run(`UPDATE queue SET run_at = ${db.dialect.fromNow('?')} WHERE status = 4`, [MINUTE])
  return [...ids]
}

async function states(db: Driver, ids: readonly number[]): Promise<string[]> {
  const rows = await Promise.all(ids.map((id) => row(db, id)))
  return rows.map(({ status }) => STATUS_NAMES.find((name) => STATUS[name] === status) ?? 'none')
}

function inWords(change: Change | undefined): string {
  return change?.kind === 'changed' ? `changed to ${change.now.state}` : (change?.kind ?? 'nothing')
}

function without(columns: Record<string, unknown>, ...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(columns).filter(([name]) => !names.includes(name)))
}
