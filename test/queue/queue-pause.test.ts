import assert from 'node:assert/strict'
import test from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { glance } from '../../src/queue/store/glance.ts'
import {
  addQueuePause,
  pauseOfQueue,
  pauseOfTask,
  type QueuePauseKey,
  queuePauseRows,
  queuePauses,
  removeQueuePauses,
} from '../../src/queue/store/queue-pause.ts'
import { LettingGo, setAside } from '../../src/queue/store/set-aside.ts'
import { stops } from '../../src/queue/store/stop.ts'
import { DATABASES } from '../helpers/databases.ts'
import { claimSome, databaseNow, openStore, PATIENCE_MS, put, row } from './stores.ts'

const MAIL = { queue: 'mail', task: undefined }
const SEND = { queue: undefined, task: 'send-msg' }
const ANA = { by: 'ana@web-1', reason: null, until: null }

for (const database of DATABASES) {
  const { name } = database
  test(`a pause tells by whom, why, since and until when, and is no pause of a job (${name})`, async (t) => {
    const { db } = await openStore(t, database)
    const before = await databaseNow(db)
    const until = before + 3_600_000

    const { pause } = await addQueuePause(db, MAIL, { by: 'ana@web-1', reason: 'disk “swap”', until }, PATIENCE_MS)

    const { since, ...rest } = pause
    assert.deepEqual(rest, { ...MAIL, by: 'ana@web-1', reason: 'disk “swap”', until })
    assert.ok(since >= before && since <= (await databaseNow(db)))
    assert.deepEqual(await queuePauses(db), [pause])
    assert.deepEqual(await stops(db), [])
    assert.equal(pauseOfQueue([pause], 'mail'), pause)
    assert.equal(pauseOfQueue([pause], 'other'), undefined)
  })

  test(`the last word holds, and a pause whose time has come is over (${name})`, async (t) => {
    const { db } = await openStore(t, database)
    const first = await addQueuePause(db, SEND, { ...ANA, reason: 'broken' }, PATIENCE_MS)

    const second = await addQueuePause(db, SEND, { ...ANA, by: 'ben@web-2', until: 1_000 }, PATIENCE_MS)
    const third = await addQueuePause(db, SEND, ANA, PATIENCE_MS)

    assert.deepEqual(second.before, first.pause)
    assert.equal(third.before, undefined, 'the second was over at once')
    assert.deepEqual(await queuePauses(db), [third.pause])
  })

  test(`any name of a program can be paused, in one queue or in all (${name})`, async (t) => {
    const { db } = await openStore(t, database)
    const keys: QueuePauseKey[] = ['päck/ab c', '50%', "o'r", '*', 'a'.repeat(128)].flatMap((task) => [
      { queue: undefined, task },
      { queue: 'mail', task },
    ])

    for (const key of keys) await addQueuePause(db, key, ANA, PATIENCE_MS)

    const found = (await queuePauses(db)).map(({ queue, task }) => ({ queue, task }))
    assert.deepEqual(found.toSorted(byText), keys.toSorted(byText))
    const all = await queuePauses(db)
    assert.equal(pauseOfTask(all, 'other', '50%')?.queue, undefined)
    assert.equal(pauseOfTask(all, 'mail', 'another'), undefined)
    await assert.rejects(addQueuePause(db, { queue: undefined, task: '€'.repeat(128) }, ANA, PATIENCE_MS), /too long/)
  })

  test(`a row that somebody wrote by hand keeps nobody from reading the others (${name})`, async (t) => {
    const { db } = await openStore(t, database)
    await addQueuePause(db, MAIL, ANA, PATIENCE_MS)
    for (const [name, value] of [
      ['pause-queue:slow', 'ben'],
      ['pause-task:*/%', '{'],
      ['pause-queue:odd', '{"by":null,"reason":7,"until":1e20}'],
      ['pause-queue:none', 'null'],
    ])
      await db.run('INSERT INTO setting (name, value) VALUES (?, ?)', [name ?? '', value ?? ''])

    const found = await queuePauses(db)

    assert.deepEqual(found.map(({ queue, task, by }) => [queue, task, by]).toSorted(), [
      [undefined, '%', '{'],
      ['mail', undefined, 'ana@web-1'],
      ['none', undefined, 'somebody'],
      ['odd', undefined, 'somebody'],
      ['slow', undefined, 'ben'],
    ])
    assert.deepEqual(
      found.flatMap(({ queue, reason, until }) => (queue === 'odd' ? [reason, until] : [])),
      [undefined, undefined],
    )
  })

  test(`a claim sets tasks of a paused program aside and takes those behind them (${name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...many('send-msg', 300), { task: 'other' }, ...many('send-msg', 20))
    const { pauses } = await paused(db, SEND)
    let rounds = 0

    const found: string[] = []
    for (let tries = 0; found.length === 0 && tries < 5; tries++) {
      const tasks = await claimSome(db, { pauses, limit: 2, onSetAside: () => rounds++ })
      found.push(...tasks.map(({ task }) => task))
    }

    assert.deepEqual(found, ['other'])
    assert.ok(rounds >= 1 && rounds <= 4, `${rounds} rounds`)
    assert.deepEqual(await claimSome(db, { pauses }), [])
    assert.deepEqual(await states(db), { 2: 1, '6 pause': 320 })
    assert.deepEqual((await row(db, 1)).attempts, 0)
  })

  test(`a task that is set aside keeps its lane back, however urgent the later ones are (${name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(
      db,
      { task: 'send-msg', key: 'k', priority: 5 },
      { task: 'other', key: 'k', priority: 1 },
      { task: 'other', key: 'z', priority: 1 },
      { task: 'send-msg', key: 'z', priority: 0 },
      { task: 'other', key: 'z', priority: 0 },
    )
    const { pauses } = await paused(db, SEND)

    const tasks = []
    for (let tries = 0; tries < 4; tries++) tasks.push(...(await claimSome(db, { pauses })))

    assert.deepEqual(
      tasks.map(({ id }) => id),
      [3],
    )
    assert.deepEqual(await states(db), { 0: 2, 2: 1, '6 pause': 2 })
  })

  test(`a task of a paused program is not claimed in the place of a more urgent one of its lane (${name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'send-msg', key: 'k', priority: 9 }, { task: 'other', key: 'k', priority: -5 })
    await put(db, ...many('other', 300)) // the look does not come as far as the first one
    const { pauses } = await paused(db, SEND)

    const tasks = await claimSome(db, { pauses, limit: 1 })

    assert.deepEqual(
      tasks.map(({ task, shardKey }) => [task, shardKey]),
      [['other', null]],
    )
  })

  test(`who does not know yet that a pause is over sets nothing aside and claims (${name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...many('send-msg', 2))
    const late = await paused(db, SEND)
    await removeQueuePauses(db, [SEND], PATIENCE_MS)

    const tasks = await claimSome(db, { pauses: late.pauses })

    assert.equal(tasks.length, 2)
    assert.deepEqual(await queuePauses(db), [])
    const until = (await databaseNow(db)) + 1
    await addQueuePause(db, SEND, { ...ANA, until }, PATIENCE_MS)
    const [over] = await queuePauseRows(db)
    assert.ok(over !== undefined)
    await put(db, { task: 'send-msg' })
    while ((await databaseNow(db)) < until); // over by the clock that decides
    assert.equal(await setAside(db, [3], over), 0)
  })

  test(`what was set aside is let go when its pause is over, and nothing else is (${name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...many('send-msg', 700), { task: 'other' }, { task: 'third', queue: 'mail' })
    const THIRD = { queue: 'mail', task: 'third' }
    const { pauses } = await paused(db, SEND, THIRD)
    for (let tries = 0; tries < 5; tries++) await claimSome(db, { pauses, limit: 1 })
    await claimSome(db, { pauses, queue: 'mail' })
    await db.run('UPDATE queue SET held_for = NULL WHERE id = 1') // a person holds it
    await db.run(`UPDATE queue SET run_at = ${db.dialect.fromNow('?')} WHERE id = 2`, [3_600_000])
    assert.deepEqual(await states(db), { 2: 1, 6: 1, '6 pause': 700 })

    const early = await letGo(db)
    await removeQueuePauses(db, [SEND], PATIENCE_MS)
    const changed = await letGo(db)

    assert.deepEqual([early, changed], [0, 699])
    assert.deepEqual(await states(db), { 0: 698, 2: 1, 4: 1, 6: 1, '6 pause': 1 })
    assert.equal((await queuePauseRows(db)).length, 2, 'the row stays until nobody can set anything aside for it')
  })

  test(`the row of a pause that is over goes when all was let go long after (${name})`, async (t) => {
    const { db } = await openStore(t, database)
    const now = await databaseNow(db)
    await addQueuePause(db, SEND, { ...ANA, until: now - 61_000 }, PATIENCE_MS)
    await addQueuePause(db, MAIL, { ...ANA, until: now - 1 }, PATIENCE_MS)
    await addQueuePause(db, { queue: 'mail', task: 'other' }, { ...ANA, until: now - 30_000 }, PATIENCE_MS)
    const hadPaused = (await glance(db, 'web-1')).hasPausedPrograms

    await letGo(db)

    assert.deepEqual(
      (await queuePauseRows(db)).map(({ name }) => name),
      ['pause-task:mail/other'],
    )
    assert.equal(hadPaused, true)
    await db.run("DELETE FROM setting WHERE name LIKE 'pause-task:%'")
    await addQueuePause(db, MAIL, ANA, PATIENCE_MS)
    assert.equal((await glance(db, 'web-1')).hasPausedPrograms, false, 'a paused queue leaves a minute quiet')
  })
}

function many(task: string, count: number) {
  return Array.from({ length: count }, () => ({ task }))
}

async function paused(db: Driver, ...keys: QueuePauseKey[]) {
  for (const key of keys) await addQueuePause(db, key, ANA, PATIENCE_MS)
  const rows = await queuePauseRows(db)
  return { pauses: rows.filter(({ pause }) => pause.task !== undefined) }
}

/** A round: @returns how many were let go */
async function letGo(db: Driver): Promise<number> {
  const rows = await queuePauseRows(db)
  const lettingGo = new LettingGo(db, PATIENCE_MS)
  let changed = 0
  for (let step = await lettingGo.step(rows); step !== undefined; step = await lettingGo.step(rows)) changed += step
  return changed
}

/** How many tasks there are in each state, and who holds them. */
async function states(db: Driver): Promise<Record<string, number>> {
  const rows = await db.all<{ status: number; held_for: string | null; count: number }>(
    'SELECT status, held_for, COUNT(*) AS count FROM queue GROUP BY status, held_for',
  )
  return Object.fromEntries(
    rows.map(({ status, held_for, count }) => [[status, held_for ?? ''].join(' ').trim(), Number(count)]),
  )
}

function byText(a: QueuePauseKey, b: QueuePauseKey): number {
  return `${a.queue} ${a.task}` < `${b.queue} ${b.task}` ? -1 : 1
}
