import assert from 'node:assert/strict'
import test from 'node:test'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { finish } from '../../src/queue/store/finish.ts'
import { giveBack } from '../../src/queue/store/give-back.ts'
import { promote } from '../../src/queue/store/promote.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { claimSome, databaseNow, finishOf, openStore, PATIENCE_MS, put, row } from './stores.ts'

for (const database of DATABASES) {
  test(`done rows carry what is known of their attempt, each its own (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...Array.from({ length: 150 }, (_, i) => ({ task: 'a', param: `${i}` })))
    const tasks = await claimSome(db, { limit: 150 })

    const lost = await finish(
      db,
      tasks.map((task, i) => {
        const output = i % 3 === 0 ? { file: 'do-queue.log', offset: i, bytes: i + 1 } : null
        return finishOf(task, { kind: 'done' }, { cpuMs: i, ranMs: 1_000 * i, output })
      }),
      PATIENCE_MS,
    )

    assert.deepEqual(lost, [])
    const now = await databaseNow(db)
    for (const i of [0, 1, 75, 149]) {
      const stored = await row(db, tasks[i]?.id ?? 0)
      assert.deepEqual([stored.status, stored.exit_code, stored.cpu_ms], [1, 0, i])
      assert.equal(stored.log_offset === null ? null : Number(stored.log_offset), i % 3 === 0 ? i : null)
      assert.equal(Number(stored.finished_at_ms) - Number(stored.started_at_ms), 1_000 * i)
      assert.ok(Math.abs(now - Number(stored.finished_at_ms)) < 5_000)
    }
    assert.equal((await db.all('SELECT id FROM attempt')).length, 0)
  })

  test(`a file's name reaches its row as it is, whatever is in it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const files = ['it\'s "day".log', 'a\\b\\n.log', 'é漢😀.log', '[1,2].log', ' ', 'x'.repeat(255)]
    await put(db, ...files.map(() => ({ task: 'a' })))
    const tasks = await claimSome(db)

    const ends = tasks.map((task, i) => {
      const output = { file: files[i] ?? '', offset: 2 ** 52 + i, bytes: 1 }
      return finishOf(task, { kind: 'done' }, { output })
    })
    assert.deepEqual(await finish(db, ends, PATIENCE_MS), [])

    const rows = await db.all<{ log_file: string; log_offset: number }>('SELECT * FROM queue ORDER BY id')
    assert.deepEqual(
      rows.map(({ log_file, log_offset }) => [log_file, Number(log_offset)]),
      files.map((file, i) => [file, 2 ** 52 + i]),
    )
  })

  test(`claims and results have one text each, however many there are (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...Array.from({ length: 40 }, () => ({ task: 'a' })))
    const texts = new Set<string>()
    const run = (sql: string, values?: readonly Value[]) => {
      texts.add(sql)
      return db.run(sql, values)
    }
    const watched: Driver = Object.create(db, { run: { value: run }, all: { value: db.all.bind(db) } })

    for (const limit of [1, 3, 36]) {
      const tasks = await claimSome(watched, { limit })
      const ends = tasks.map((task) => finishOf(task, { kind: 'done' }))
      assert.deepEqual(await finish(watched, ends, PATIENCE_MS), [])
    }

    assert.equal(texts.size, 2)
    assert.equal((await db.all('SELECT id FROM queue WHERE status = 1')).length, 40)
  })

  test(`an attempt that was not ok is scheduled again and leaves its story (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' })
    const [task] = await claimSome(db)
    assert.ok(task)
    const place = { file: 'x.log', offset: 10, bytes: 5 }

    await finish(
      db,
      [
        finishOf(
          task,
          { kind: 'again', delayMs: 120_000, counted: true },
          { exitCode: 3, error: 'exit code 3', output: place },
        ),
      ],
      PATIENCE_MS,
    )

    const stored = await row(db, task.id)
    assert.deepEqual([stored.status, stored.attempts, stored.exit_code, stored.error], [4, 1, 3, 'exit code 3'])
    assert.ok(Math.abs(Number(stored.run_at_ms) - (await databaseNow(db)) - 120_000) < 5_000)
    const [attempt] = await db.all<Record<string, unknown>>('SELECT * FROM attempt')
    assert.deepEqual(
      [Number(attempt?.task_id), attempt?.attempt, attempt?.outcome, attempt?.exit_code],
      [task.id, 1, 'exit', 3],
    )
    assert.equal(Number(attempt?.log_offset), 10)
  })

  test(`an attempt that does not count leaves the number of attempts (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' })
    const [task] = await claimSome(db)
    assert.ok(task)

    await finish(
      db,
      [finishOf(task, { kind: 'again', delayMs: 0, counted: false }, { outcome: 'stopped' })],
      PATIENCE_MS,
    )

    assert.deepEqual([(await row(db, task.id)).status, (await row(db, task.id)).attempts], [4, 0])
  })

  test(`a stale worker's result is refused and changes nothing (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'b' })
    const stale = await claimSome(db)
    await giveBack(db, stale, PATIENCE_MS)
    const fresh = await claimSome(db)

    const lost = await finish(
      db,
      [
        finishOf(stale[0] as (typeof stale)[0], { kind: 'done' }),
        finishOf(stale[1] as (typeof stale)[0], { kind: 'failed' }),
      ],
      PATIENCE_MS,
    )

    assert.equal(lost.length, 2)
    assert.deepEqual(
      (await db.all<{ status: number }>('SELECT status FROM queue')).map(({ status }) => status),
      [2, 2],
    )
    assert.deepEqual(
      await finish(
        db,
        fresh.map((task) => finishOf(task, { kind: 'done' })),
        PATIENCE_MS,
      ),
      [],
    )
  })

  test(`booking a result again, as after a lost reply, is no loss and writes nothing twice (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'b' }, { task: 'c' })
    const [first, second, third] = await claimSome(db)
    assert.ok(first && second && third)
    const results = [
      finishOf(first, { kind: 'done' }),
      finishOf(second, { kind: 'failed' }),
      finishOf(third, { kind: 'again', delayMs: 1_000, counted: true }),
    ]
    await finish(db, results, PATIENCE_MS)

    const lost = await finish(db, results, PATIENCE_MS)

    assert.deepEqual(lost, [])
    assert.equal((await db.all('SELECT id FROM attempt')).length, 2)
    assert.equal((await row(db, third.id)).attempts, 1)
  })

  test(`a result that was booked is ours also when its task is under another claim by now (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' })
    const [task] = await claimSome(db)
    assert.ok(task)
    const booked = finishOf(task, { kind: 'again', delayMs: 0, counted: true })
    await finish(db, [booked], PATIENCE_MS)
    await waitFor(() => promote(db, 10, PATIENCE_MS), { what: 'the task to be due' })
    assert.equal((await claimSome(db)).length, 1)

    assert.deepEqual(await finish(db, [booked], PATIENCE_MS), [])
  })

  test(`a result is lost when somebody else has said another end of the attempt (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' })
    const [task] = await claimSome(db)
    assert.ok(task)
    await finish(db, [finishOf(task, { kind: 'held' }, { outcome: 'crashed' })], PATIENCE_MS)

    const late = [finishOf(task, { kind: 'done' }), finishOf(task, { kind: 'failed' })]

    assert.deepEqual(await finish(db, late.slice(0, 1), PATIENCE_MS), late.slice(0, 1))
    assert.deepEqual(await finish(db, late.slice(1), PATIENCE_MS), late.slice(1))
  })

  test(`what crashed and is held is nobody's, also where a person had let it go (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' })
    await db.run("UPDATE queue SET held_for = 'let-go'")
    const [task] = await claimSome(db)
    assert.ok(task)

    await finish(db, [finishOf(task, { kind: 'held' }, { outcome: 'crashed' })], PATIENCE_MS)

    const stored = await row(db, task.id)
    assert.deepEqual([stored.status, stored.held_for], [6, null])
  })

  test(`a unique key is free again when its task is finished, unless it is kept (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(
      db,
      { task: 'a', unique: 'once' },
      { task: 'b', unique: 'ever', keepUnique: true },
      { task: 'c', unique: 'bad' },
    )
    const tasks = await claimSome(db)

    await finish(
      db,
      tasks.map((task) => finishOf(task, { kind: task.task === 'c' ? 'failed' : 'done' })),
      PATIENCE_MS,
    )

    const keys = await db.all<{ unique_key: string | null }>('SELECT unique_key FROM queue ORDER BY id')
    assert.deepEqual(keys.map(({ unique_key }) => unique_key).toSorted(), ['ever', null, null])
  })
}
