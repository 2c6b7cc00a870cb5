import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { rollUpTally } from '../../src/queue/store/roll-up-tally.ts'
import { addTally, sumTally, type TallySum, tallySince, tallyTotals } from '../../src/queue/store/tally.ts'
import { DATABASES } from '../helpers/databases.ts'
import { databaseNow, openStore, PATIENCE_MS } from './stores.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const ONE = { attempts: 1, ranMs: 20, cpuMs: 3, outputBytes: 100 }

function sum(task: string, more: Partial<TallySum> = {}): TallySum {
  return { queue: 'mail', task, ending: 'done', durationClass: 17, ...ONE, ...more }
}

function inOrder(sums: readonly TallySum[]): string[] {
  return sums.map((one) => JSON.stringify(one)).toSorted()
}

async function counts(db: Driver): Promise<Record<string, number>> {
  const rows = await db.all<{ minutes: number; rows_there: number; attempts: number }>(
    'SELECT minutes, COUNT(*) AS rows_there, SUM(attempts) AS attempts FROM tally GROUP BY minutes',
  )
  return Object.fromEntries(rows.map(({ minutes, attempts }) => [`of ${minutes}`, Number(attempts)]))
}

/** Rows of minutes so long ago, a hundred attempts each. */
async function past(db: Driver, minutesAgo: readonly number[], minutes = 1): Promise<void> {
  const unit = minutes * MINUTE_MS
  const now = Math.floor((await databaseNow(db)) / unit) * unit
  for (const ago of minutesAgo) {
    for (const task of ['send-msg', 'sync-order']) {
      await db.run(
        `INSERT INTO tally (minutes, start_at, queue, task, ending, duration, attempts, ran_ms, cpu_ms, output_bytes)
         VALUES (?, ${db.dialect.fromMs('?')}, 'mail', ?, 'done', 17, 100, 2000, 300, 10000)`,
        [minutes, now - ago * MINUTE_MS, task],
      )
    }
  }
}

async function total(db: Driver): Promise<number> {
  return (await sumTally(db, { since: 0 })).reduce((all, { attempts }) => all + attempts, 0)
}

for (const database of DATABASES) {
  test(`what is added twice is added up, whatever the number of rows (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const since = (await databaseNow(db)) - MINUTE_MS
    const many = Array.from({ length: 700 }, (_, i) => sum(`task-${i}`))

    await addTally(db, [sum('a'), sum('a', { ending: 'failed' }), sum('b'), sum('c')])
    await addTally(db, [sum('a', { attempts: 4, ranMs: 5, cpuMs: 6, outputBytes: 7 })])
    await addTally(db, [...many, sum('a', { durationClass: 18 })])
    await addTally(db, [])

    const found = await sumTally(db, { since })
    const a = found.filter(({ task }) => task === 'a').toSorted((x, y) => x.ranMs - y.ranMs)
    assert.deepEqual(a[2], sum('a', { attempts: 5, ranMs: 25, cpuMs: 9, outputBytes: 107 }))
    assert.deepEqual(a.slice(0, 2).map(({ ending, durationClass }) => [ending, durationClass]).toSorted(), [['done', 18], ['failed', 17]]) // biome-ignore format: a table
    assert.equal(found.length, 3 + 2 + 700)
    assert.deepEqual(inOrder(await tallyTotals(db)), inOrder(found))
    assert.ok(found.filter(({ task }) => task.startsWith('task-')).every(({ attempts }) => attempts === 1))
  })

  test(`many writers at once lose nothing and do not wait for each other for ever (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    const since = (await databaseNow(db)) - MINUTE_MS
    const writers = await Promise.all([1, 2, 3, 4].map(open))
    const tasks = Array.from({ length: 20 }, (_, i) => `task-${i}`)

    await Promise.all(
      writers.map(async (writer, i) => {
        // Each hands its rows over in an order of its own.
        for (let round = 0; round < 10; round++) {
          const rows = tasks
            .map((task) => sum(task))
            .toSorted((a, b) => (i % 2 === 0 ? 1 : -1) * a.task.localeCompare(b.task))
          await addTally(writer, rows)
        }
      }),
    )

    const found = await sumTally(db, { since })
    assert.deepEqual(new Set(found.map(({ attempts }) => attempts)), new Set([40]))
    assert.equal(found.length, 20)
  })

  test(`whole hours that ended more than two hours ago become rows of an hour, and those of 90 days are gone (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await past(db, [1, 70, 185, 186, 250, 3_000])
    await past(db, [91 * 24 * 60, 89 * 24 * 60], 60)
    const before = await total(db)
    const since = tallySince((await databaseNow(db)) - 5 * HOUR_MS, await databaseNow(db))
    const sinceFive = await sumTally(db, { since })

    let calls = 0
    while (await rollUpTally(db, PATIENCE_MS)) {
      calls++
      assert.equal(await total(db), before - 200) // those of 91 days ago; nothing else is lost, or counted twice
    }

    assert.equal(calls, 4)
    assert.deepEqual(await counts(db), { 'of 1': 400, 'of 60': 800 + 200 })
    assert.deepEqual(await sumTally(db, { since }), sinceFive)
    assert.equal(await rollUpTally(db, PATIENCE_MS), false)
  })

  test(`two ticks that roll up at once count nothing twice, and forget nothing (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    const minutes = Array.from({ length: 25 }, (_, i) => 200 + i)
    await past(db, minutes)
    const before = await total(db)
    const ticks = await Promise.all([1, 2, 3].map(open))

    const work = ticks.map(async (tick) => {
      while (await rollUpTally(tick, PATIENCE_MS));
    })
    const writing = (async () => {
      for (let i = 0; i < 20; i++) await addTally(db, [sum('new')])
    })()
    await Promise.all([...work, writing])

    assert.equal(await total(db), before + 20)
    assert.deepEqual(await counts(db), { 'of 0': 20, 'of 1': 20, 'of 60': 25 * 200 })
  })

  test(`a roll-up that is cut off has done nothing (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await past(db, [300])
    const cut: Driver = {
      ...{ dialect: db.dialect, all: db.all.bind(db), run: db.run.bind(db), close: db.close.bind(db) },
      transaction: (work) =>
        db.transaction((tx) =>
          work({
            all: tx.all.bind(tx),
            run: (sql, values) =>
              sql.startsWith('DELETE') ? Promise.reject(new Error('killed')) : tx.run(sql, values),
          }),
        ),
    }

    await assert.rejects(rollUpTally(cut, PATIENCE_MS), /killed/)

    assert.deepEqual(await counts(db), { 'of 1': 200 })
    await rollUpTally(db, PATIENCE_MS)
    assert.deepEqual(await counts(db), { 'of 60': 200 })
  })

  test(`only what is asked for is summed, and it reads a range of the key (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await past(db, [1, 30, 90])
    await past(db, [600], 60)
    const now = await databaseNow(db)
    const attempts = async (since: number, more = {}) =>
      (await sumTally(db, { since: tallySince(since, now), ...more })).reduce((all, one) => all + one.attempts, 0)

    assert.equal(await attempts(now - HOUR_MS), 400)
    assert.equal(await attempts(now - HOUR_MS, { task: 'send-msg' }), 200)
    assert.equal(await attempts(now - HOUR_MS, { queue: 'other' }), 0)
    assert.equal(await attempts(now - DAY_MS), 800)
  })
}

test('the span of two hours begins with a minute, a longer one with an hour', () => {
  const now = Date.parse('2026-11-20T18:04:31.500Z')
  const from = (since: string) => new Date(tallySince(Date.parse(since), now)).toISOString()

  assert.equal(from('2026-11-20T17:04:31.500Z'), '2026-11-20T17:04:00.000Z')
  assert.equal(from('2026-11-20T16:04:31.500Z'), '2026-11-20T16:04:00.000Z')
  assert.equal(from('2026-11-20T16:04:31.499Z'), '2026-11-20T16:00:00.000Z')
  assert.equal(from('2026-11-13T18:04:31.500Z'), '2026-11-13T18:00:00.000Z')
})
