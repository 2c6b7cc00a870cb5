import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { exportTasks } from '../../../src/ctl/export.ts'
import { moveAway } from '../../../src/ctl/move/move-away.ts'
import { movesToTakeBack, takeBackMoves } from '../../../src/ctl/move/move-back.ts'
import type { Driver, Value } from '../../../src/queue/driver.ts'
import { installationName } from '../../../src/queue/migrate.ts'
import { changeTasks } from '../../../src/queue/store/change.ts'
import { beginMoveNote, takeOver } from '../../../src/queue/store/move-in.ts'
import { begunMoves, holdForMove, newMove } from '../../../src/queue/store/move-out.ts'
import { readStored } from '../../../src/queue/store/stored-task.ts'
import { DATABASES, type Database } from '../../helpers/databases.ts'
import { openStore, PATIENCE_MS } from '../../queue/stores.ts'
import { type Columns, DAY_MS, finished, insertRows } from '../stored-rows.ts'

const [sqlite, server] = DATABASES as [Database, Database?]
const EVENTS = { stop: new AbortController().signal, onProgress: () => {}, onHeld: () => {} }

/** From one kind of database to the other; to one of its own kind where there is no other. */
const WAYS = DATABASES.map((from, i) => ({ from, to: DATABASES[(i + 1) % DATABASES.length] as Database }))

async function openBoth(t: TestContext, { from, to }: (typeof WAYS)[0]) {
  return { source: (await openStore(t, from)).db, target: (await openStore(t, to)).db }
}

const NOT_CARRIED = ['id', 'task_id', 'mtime', 'lane', 'claim_token', 'worker_id']

/** All that is to be the same on the other side, times as UTC milliseconds. */
async function rowsOf(db: Driver, where = '1 = 1'): Promise<Record<string, Value>[]> {
  const times = ['run_at', 'expires_at', 'started_at', 'finished_at', 'ctime', 'cancel_at']
  const rows = await db.all<Record<string, Value>>(
    `SELECT queue.*, ${times.map((time) => `${db.dialect.asMs(time)} AS ${time}`).join(', ')}
       FROM queue WHERE ${where} ORDER BY id`,
  )
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row)
        .filter(([name]) => !NOT_CARRIED.includes(name))
        .map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
    ),
  )
}

/** The same database, with something done around each call of a method. */
function around(
  db: Driver,
  name: 'all' | 'run' | 'transaction',
  act: (call: () => Promise<unknown>, sql: unknown) => Promise<unknown>,
): Driver {
  return new Proxy(db, {
    get(it, key) {
      const value: unknown = Reflect.get(it, key, it)
      if (typeof value !== 'function') return value
      const call = (...given: unknown[]) => Reflect.apply(value, it, given)
      return key === name ? (...given: unknown[]) => act(() => call(...given), given[0]) : call
    },
  })
}

for (const way of WAYS) {
  const title = `${way.from.name} to ${way.to.name}`

  test(`waiting tasks are there afterwards as they were here, in their order (${title})`, async (t) => {
    const { source, target } = await openBoth(t, way)
    const tried: Columns = {
      attempts: 2,
      crashes: 1,
      error: 'exit code 1: nö',
      exit_code: 1,
      started_at: -60_000,
      cpu_ms: 9,
    }
    const ids = await insertRows(source, [
      { task: 'a', param: 'ä\n"\'\\ 🎉', shard_key: 'k', bucket: 7, priority: -5, retry: '1m,2m', timeout_s: 60 },
      { task: 'b', status: 4, run_at: 3_600_000, expires_at: DAY_MS, max_attempts: 3, unique_key: 'u', keep_unique: 1 },
      {
        task: 'c',
        status: 6,
        ctime: -DAY_MS,
        ...tried,
        log_file: 'do-queue-2026-11-20.log',
        log_offset: 5,
        log_bytes: 7,
      },
      finished(1, { task: 'done' }),
      { task: 'running', status: 2 },
      { task: 'backup', queue: 'exec:backup' },
    ])
    const attempt = { task_id: ids[2] ?? 0, claim_token: 77, outcome: 'exit', exit_code: 1, started_at: -DAY_MS }
    await insertRows(
      source,
      [
        { ...attempt, attempt: 1 },
        { ...attempt, attempt: 2, claim_token: 78 },
      ],
      'attempt',
    )
    const before = await rowsOf(source, "task IN ('a', 'b', 'c')")

    const result = await moveAway(source, target, {}, 'there', EVENTS)

    assert.deepEqual(await rowsOf(target), before)
    assert.deepEqual(
      (await rowsOf(source)).map(({ task }) => task),
      ['done', 'running', 'backup'],
    )
    const attempts = await target.all<{ attempt: number; task: string }>(
      'SELECT attempt, task FROM attempt INNER JOIN queue ON queue.id = task_id ORDER BY attempt',
    )
    assert.deepEqual(
      attempts.map(({ attempt, task }) => `${task} ${attempt}`),
      ['c 1', 'c 2'],
    )
    assert.deepEqual([result.moved, result.tried, result.running.count, result.ended], [3, 1, 1, 'all'])
    await nothingNoted(source, target)
  })

  test(`a unique value that is taken there stays here and waits; what is refused, too (${title})`, async (t) => {
    const { source, target } = await openBoth(t, way)
    const [mine = 0, , tooMany = 0] = await insertRows(source, [
      { task: 'a', unique_key: 'order 1' },
      { task: 'b', unique_key: 'order 2' },
      { task: 'c', status: 4, run_at: DAY_MS, attempts: 7 },
      { task: 'd', status: 6, unique_key: 'order 3' },
    ])
    await insertRows(target, [
      { task: 'there', unique_key: 'order 1' },
      { task: 'held there', unique_key: 'order 3' },
    ])
    const picky = refusing(target, 'c')

    const result = await moveAway(source, picky, {}, 'there', EVENTS)

    assert.deepEqual(result.duplicates, [mine, tooMany + 1])
    assert.deepEqual(result.refused, [{ id: tooMany, reason: 'too many attempts' }])
    const here = await source.all('SELECT task, status, held_for FROM queue ORDER BY id')
    assert.deepEqual(
      here.map((row) =>
        Object.values(row as object)
          .map(String)
          .join(' '),
      ),
      ['a 0 null', 'c 4 null', 'd 6 null'],
    )
    assert.deepEqual(
      (await rowsOf(target)).map(({ task }) => task),
      ['there', 'held there', 'b'],
    )
    await nothingNoted(source, target)
  })

  test(`a move that was cut off behind any of its steps goes on from there (${title})`, async (t) => {
    const { source, target } = await openBoth(t, way)
    const tasks = (from: number) => Array.from({ length: 10 }, (_, i) => ({ task: `t${from + i}` }))
    const ids = await insertRows(source, tasks(0))
    const to = await installationName(target)
    const noted = { where: 'there', from: ids[0] ?? 0 }

    // One was cut off when some were held.
    await holdForMove(source, newMove(to), ids.slice(0, 3), noted, PATIENCE_MS)
    // One was cut off when some had been written there, and not deleted here.
    const second = newMove(to)
    await holdForMove(source, second, ids.slice(3, 8), { ...noted, from: ids[3] ?? 0 }, PATIENCE_MS)
    const half = ids.slice(3, 6)
    const begun = await beginMoveNote(target, second, PATIENCE_MS)
    const written = (await readStored(source, half)).map((task) => ({ ...task, heldFor: null, status: 0 }))
    await takeOver(target, second, begun, written, half.at(-1) ?? 0, PATIENCE_MS)
    const result = await moveAway(source, target, {}, 'there', EVENTS)

    assert.deepEqual([result.moved, result.resumed], [7, 5])
    assert.deepEqual(
      (await rowsOf(target)).map(({ task }) => task).toSorted(),
      tasks(0).map(({ task }) => task),
    )
    assert.deepEqual(await rowsOf(source), [])
    await nothingNoted(source, target)
  })

  test(`two moves at once move each task once (${title})`, async (t) => {
    const { source, target } = await openBoth(t, way)
    const names = Array.from({ length: 1_500 }, (_, i) => `t${i}`)
    await source.run(`INSERT INTO queue (task) VALUES ${names.map((name) => `('${name}')`).join(', ')}`)

    const results = await Promise.all([0, 1].map(() => moveAway(source, target, {}, 'there', EVENTS)))
    const last = await moveAway(source, target, {}, 'there', EVENTS)

    const there = (await rowsOf(target)).map(({ task }) => String(task))
    assert.deepEqual(there.toSorted(), names.toSorted())
    assert.deepEqual(await rowsOf(source), [])
    assert.equal(
      [...results, last].reduce((sum, { moved }) => sum + moved, 0),
      1_500,
    )
    await nothingNoted(source, target)
  })

  test(`a stop between two batches says so, and the same move goes on (${title})`, async (t) => {
    const { source, target } = await openBoth(t, way)
    await source.run(`INSERT INTO queue (task) VALUES ${new Array(1_000).fill("('t')").join(', ')}`)
    const stop = new AbortController()
    const onProgress = () => stop.abort()

    const first = await moveAway(source, target, {}, 'there', { ...EVENTS, stop: stop.signal, onProgress })
    const waiting = await source.all<{ status: number }>('SELECT DISTINCT status FROM queue')
    const [other] = await begunMoves(source)
    const second = await moveAway(source, target, {}, 'there', EVENTS)

    assert.deepEqual([first.ended, first.moved, second.moved, second.resumed], ['stopped', 250, 750, 750])
    assert.deepEqual(
      waiting.map(({ status }) => Number(status)),
      [6],
    )
    assert.equal(other?.where, 'there')
    assert.equal((await rowsOf(target)).length, 1_000)
  })

  test(`a move that was cut off can be taken back: what is there stays there, the others wait here (${title})`, async (t) => {
    const { source, target } = await openBoth(t, way)
    await source.run(`INSERT INTO queue (task) VALUES ${new Array(600).fill("('t')").join(', ')}`)
    const [held = 0] = await insertRows(source, [{ task: 'held', status: 6 }])
    const stop = new AbortController()
    const onProgress = () => stop.abort()
    await moveAway(source, target, {}, 'there', { ...EVENTS, stop: stop.signal, onProgress })

    const released = await takeBackMoves(source, target, await movesToTakeBack(source, target))

    assert.equal(released, 351)
    assert.equal((await rowsOf(target)).length, 250)
    const here = await source.all<{ id: number; status: number }>('SELECT id, status FROM queue WHERE held_for IS NULL')
    assert.equal(here.length, 351)
    assert.deepEqual(
      here.filter(({ status }) => Number(status) !== 0).map(({ id }) => Number(id)),
      [held],
    )
    await nothingNoted(source, target)
  })

  test(`a move that is taken back while it runs writes nothing more there (${title})`, async (t) => {
    const { source, target } = await openBoth(t, way)
    await source.run(`INSERT INTO queue (task) VALUES ${new Array(600).fill("('t')").join(', ')}`)
    let batches = 0
    const slow = around(target, 'transaction', async (write) => {
      if (++batches === 2) await assert.rejects(takeBackMoves(dying, target, await movesToTakeBack(source, target)))
      return write()
    })
    const dying = around(source, 'run', async (write) => {
      await write()
      throw new Error('killed behind its first write')
    })

    await assert.rejects(moveAway(source, slow, {}, 'there', EVENTS), { exitCode: 75, message: /is being taken back/ })
    await assert.rejects(moveAway(source, target, {}, 'there', EVENTS), { exitCode: 75 })
    await takeBackMoves(source, target, await movesToTakeBack(source, target))

    assert.deepEqual([(await rowsOf(target)).length, (await rowsOf(source, 'status = 0')).length], [250, 350])
    await nothingNoted(source, target)
  })

  test(`a target that rolls back a look does not end the move (${title})`, async (t) => {
    const { source, target } = await openBoth(t, way)
    await source.run("INSERT INTO queue (task, unique_key) VALUES ('a', 'a'), ('b', 'b')")
    let failures = 0
    const busy = around(target, 'all', async (ask, sql) => {
      const isLook = String(sql).includes('unique_key IN')
      if (isLook && failures++ < 2) throw Object.assign(new Error('busy'), { errno: 1213, errcode: 5 })
      return ask()
    })

    assert.equal((await moveAway(source, busy, {}, 'there', EVENTS)).moved, 2)
    assert.ok(failures > 2)
  })

  test(`a move to the same database is refused; one to another that was cut off is told of (${title})`, async (t) => {
    const { source, target } = await openBoth(t, way)
    const [id = 0] = await insertRows(source, [{ task: 'a' }, { task: 'b' }])
    await holdForMove(source, newMove('elsewhe'), [id], { where: 'shop at 10.0.0.1', from: id }, PATIENCE_MS)

    await assert.rejects(moveAway(source, source, {}, 'here', EVENTS), {
      exitCode: 64,
      message: /database that the tasks are in/,
    })
    const result = await moveAway(source, target, {}, 'there', EVENTS)

    assert.deepEqual(
      (await rowsOf(source)).map(({ task }) => task),
      ['a'],
    )
    assert.deepEqual(
      result.elsewhere.map(({ where }) => where),
      ['shop at 10.0.0.1'],
    )
  })
}

for (const database of DATABASES) {
  test(`what is held for a move is neither released nor cancelled (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const ids = await insertRows(db, [{ task: 'a' }, { task: 'b', status: 6 }])
    await holdForMove(db, newMove('elsewhe'), ids, { where: 'there', from: ids[0] ?? 0 }, PATIENCE_MS)

    const changes = [
      ...(await changeTasks(db, 'release', ids, { patienceMs: PATIENCE_MS })),
      ...(await changeTasks(db, 'cancel', ids, { patienceMs: PATIENCE_MS })),
    ]

    assert.deepEqual(
      changes.map(({ kind }) => kind),
      ['refused', 'refused', 'refused', 'refused'],
    )
  })
}

test('a note that somebody wrote by hand keeps nobody from moving', async (t) => {
  const [source, target] = [(await openStore(t, sqlite)).db, (await openStore(t, sqlite)).db]
  await source.run("INSERT INTO setting (name, value) VALUES ('move:a:b', 'none'), ('move:c:d', 'null')")
  await source.run("INSERT INTO queue (task) VALUES ('t')")

  assert.equal((await moveAway(source, target, {}, 'there', EVENTS)).moved, 1)
})

test('a time that the other database cannot hold stays here', {
  skip: server === undefined && 'no server',
}, async (t) => {
  const [{ db: source }, { db: target }] = [await openStore(t, sqlite), await openStore(t, server ?? sqlite)]
  const far = 40 * 365 * DAY_MS
  await insertRows(source, [
    { task: 'run', status: 4, run_at: far },
    { task: 'expires', expires_at: far },
    { task: 'fine', expires_at: DAY_MS },
  ])

  const result = await moveAway(source, target, {}, 'there', EVENTS)

  const reason = 'its time is after 2038-01-19T03:14:07.000Z'
  assert.deepEqual(result.refused, [
    { id: 1, reason },
    { id: 2, reason },
  ])
  assert.deepEqual(
    (await rowsOf(target)).map(({ task }) => task),
    ['fine'],
  )
})

test('bytes that are no text are neither moved nor exported as something else', async (t) => {
  const [{ db: source }, { db: target }] = [await openStore(t, sqlite), await openStore(t, sqlite)]
  await source.run("INSERT INTO queue (task, param) VALUES ('fine', 'ä'), ('bytes', CAST(x'61ff62' AS TEXT))")

  const exported = await exportTasks(
    source,
    {},
    async () => true,
    () => {},
  )
  const result = await moveAway(source, target, {}, 'there', EVENTS)

  assert.deepEqual([exported.count, exported.unreadable], [2, [2]])
  assert.deepEqual(result.refused, [{ id: 2, reason: 'its param is no UTF-8 text' }])
  assert.deepEqual(
    await source.all('SELECT hex(param) AS bytes, status FROM queue').then(([row]) => ({ ...(row as object) })),
    {
      bytes: '61FF62',
      status: 0,
    },
  )
  assert.deepEqual(
    (await rowsOf(target)).map(({ param }) => param),
    ['ä'],
  )
})

/** A database that does not take the rows of one task: which one, its attempts say. */
/** A database that refuses one task, as a column or a trigger of a user's own might. */
function refusing(db: Driver, task: string): Driver {
  return {
    ...{ dialect: db.dialect, all: db.all.bind(db), run: db.run.bind(db), close: db.close.bind(db) },
    transaction: (work) =>
      db.transaction((tx) =>
        work({
          all: tx.all.bind(tx),
          run: (sql, values = []) => {
            if (sql.startsWith('INSERT INTO queue') && values.includes(task)) throw new Error('too many attempts')
            return tx.run(sql, values)
          },
        }),
      ),
  }
}

async function nothingNoted(...databases: readonly Driver[]): Promise<void> {
  for (const db of databases) {
    assert.deepEqual(await db.all("SELECT name FROM setting WHERE name LIKE 'move:%'"), [])
    assert.deepEqual(await db.all("SELECT id FROM queue WHERE held_for LIKE 'move:%'"), [])
  }
}
