import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { exportTasks } from '../../src/ctl/export.ts'
import { type Imported, importedLines, importTasks } from '../../src/ctl/import.ts'
import type { Driver } from '../../src/queue/driver.ts'
import { insertStored } from '../../src/queue/store/insert-stored.ts'
import type { Selection } from '../../src/queue/store/selection.ts'
import type { StoredAttempt, StoredTask } from '../../src/queue/store/stored-task.ts'
import { DATABASES } from '../helpers/databases.ts'
import { openStore, put } from '../queue/stores.ts'
import { insertRows, tasksThere } from './stored-rows.ts'

async function exported(db: Driver, selection: Selection = {}): Promise<string> {
  const parts: string[] = []
  const write = async (lines: string) => parts.push(lines) > 0
  await exportTasks(db, selection, write, () => {})
  return parts.join('')
}

function imported(db: Driver, text: string, more: { queue?: string; dryRun?: boolean } = {}): Promise<Imported> {
  return importTasks(db, {
    open: () => inPieces(Buffer.from(text)),
    terms: { queue: more.queue, now: Date.now(), latestMs: db.dialect.latestMs },
    dryRun: more.dryRun === true,
    stop: new AbortController().signal,
    onProgress: () => {},
  })
}

/** Lines and characters are cut wherever a pipe happens to cut them. */
async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += 997) yield bytes.subarray(start, start + 997)
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

function withoutIds(text: string): Record<string, unknown>[] {
  return lines(text).map(({ id: _id, ...rest }) => rest)
}

const characters = fc.string({ unit: 'binary' }).filter((it) => !it.includes('\0') && it.isWellFormed())
const name = (longest: number) => characters.map((it) => [...it].slice(0, longest).join('')).filter((it) => it !== '')
const moment = fc.integer({ min: 1_000, max: 2_000_000_000_000 })
const perhaps = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const small = fc.nat({ max: 300 })

const ending = {
  exitCode: perhaps(small),
  exitSignal: perhaps(fc.constantFrom('SIGTERM', 'SIGSEGV')),
  error: perhaps(name(200)),
  output: fc.constant(null),
  cpuMs: perhaps(fc.nat()),
  startedAt: perhaps(moment),
  finishedAt: perhaps(moment),
}

const attempts: fc.Arbitrary<readonly StoredAttempt[]> = fc
  .array(fc.record({ attempt: small, outcome: fc.constantFrom('exit', 'timeout', 'crash'), ...ending }), {
    maxLength: 3,
  })
  .map((all) => all.map((one, i) => ({ ...one, claimToken: 100 + i })))

/** Any task but one that runs. */
const task: fc.Arbitrary<StoredTask> = fc
  .record({
    status: fc.constantFrom(0, 1, 3, 4, 5, 6),
    queue: fc.constantFrom('default', 'mail', 'a.b-c_9'),
    task: name(40),
    param: characters,
    priority: fc.integer({ min: -32_768, max: 32_767 }),
    bucket: fc.nat({ max: 59 }),
    shardKey: perhaps(name(50)),
    keepUnique: fc.constantFrom(0 as const, 1 as const),
    runAt: moment,
    expiresAt: perhaps(moment),
    attempts: small,
    crashes: fc.nat({ max: 5 }),
    maxAttempts: perhaps(fc.integer({ min: 1, max: 65_535 })),
    retry: perhaps(fc.constantFrom('none', '1m,5m,30m')),
    timeoutSeconds: perhaps(fc.integer({ min: 1, max: 86_400 })),
    addedAt: moment,
    past: attempts,
    ...ending,
  })
  .map((it) => ({ ...it, id: 0, heldFor: null, uniqueKey: null, paramBytes: Buffer.byteLength(it.param) }))

for (const database of DATABASES) {
  test(`an export that is imported and exported again says the same (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const clean = async () => {
      await db.run('DELETE FROM attempt')
      await db.run('DELETE FROM queue')
    }

    await fc.assert(
      fc.asyncProperty(fc.array(task, { minLength: 1, maxLength: 25 }), async (tasks) => {
        await clean()
        const unique = tasks.map((it, i) => (i % 3 === 0 ? { ...it, uniqueKey: `u${i}` } : it))
        await db.transaction((tx) => insertStored(tx, db.dialect, unique))
        const first = await exported(db)
        await clean()
        await imported(db, first)

        assert.equal(lines(first).length, tasks.length)
        assert.deepEqual(withoutIds(await exported(db)), withoutIds(first))
      }),
      { numRuns: 12 },
    )
  })

  test(`empty keys of a plain INSERT are carried as they are (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await db.run("INSERT INTO queue (task, shard_key, unique_key) VALUES ('a', '', NULL), ('b', NULL, '')")
    const before = await exported(db)
    await db.run('DELETE FROM queue')

    await imported(db, before)

    assert.deepEqual(withoutIds(await exported(db)), withoutIds(before))
    assert.match(before, /"key":"".*\n.*"unique":""/)
  })

  test(`a file with a mistake adds nothing, and the line is named (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const good = '{"task":"a"}\n'.repeat(600)
    const wrong: [string, RegExp][] = [
      ['{"task":', /^Line 601: This is not JSON/],
      ['[1]', /^Line 601: This is not a JSON object/],
      ['{"task":"a","priority":"high"}', /^Line 601: The priority is "high"/],
      ['{"task":"a","state":"done","colour":"red"}', /^Line 601: There is no field "colour"/],
      ['{"task":"a","state":"gone"}', /^Line 601: The state is "gone"/],
      ['{"task":"a","state":"done","finishedAt":"yesterday"}', /^Line 601: The time "finishedAt" is "yesterday"/],
      ['{"task":"a","state":"failed","past":[{"attempt":-1,"outcome":"exit"}]}', /^Line 601: The attempt is -1/],
      [`{"task":"a","param":"${'x'.repeat(70_000)}"}`, /^Line 601: The param is 70000 bytes long/],
    ]

    for (const [line, message] of wrong) {
      await assert.rejects(imported(db, `${good}${line}\n${good}`), { exitCode: 65, message })
    }

    assert.deepEqual(await db.all('SELECT id FROM queue'), [])
  })

  test(`what ran is ready, what was set aside waits, runs of jobs are left out (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertRows(db, [
      { task: 'ran', status: 2, attempts: 3, started_at: -1_000 },
      { task: 'aside', status: 6, held_for: 'pause' },
      { task: 'held', status: 6 },
      { task: 'backup', queue: 'exec:backup' },
      { task: 'taken', unique_key: 'u' },
    ])
    const text = await exported(db)
    await db.run('DELETE FROM queue')
    await put(db, { task: 'there', unique: 'u' })

    const dry = await imported(db, text, { dryRun: true })
    const result = await imported(db, text, { queue: 'slow' })

    assert.deepEqual(dry.added, { ready: 3, held: 1 })
    assert.deepEqual([result.added, result.ran, result.leftOut, result.duplicates], [{ ready: 2, held: 1 }, 1, 1, 1])
    const facts = lines(await exported(db)).map(
      ({ task, state, queue, attempts }) => `${task} ${state} ${queue} ${attempts}`,
    )
    assert.deepEqual(facts, ['there ready default 0', 'ran ready slow 2', 'aside ready slow 0', 'held held slow 0'])
  })

  test(`an import that is stopped says where to go on, and is whole then (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const text = Array.from({ length: 700 }, (_, i) => `{"task":"t${i}"}\n`).join('')
    const stop = new AbortController()

    const first = await importTasks(db, {
      open: () => inPieces(Buffer.from(text)),
      terms: { now: Date.now(), latestMs: db.dialect.latestMs },
      dryRun: false,
      stop: stop.signal,
      onProgress: (_, total) => (total === undefined ? undefined : stop.abort()),
    })
    const [, advice = ''] = importedLines(first, false)
    const from = Number(/tail -n \+(\d+) FILE/.exec(advice)?.[1])
    await imported(
      db,
      text
        .split('\n')
        .slice(from - 1)
        .join('\n'),
    )

    assert.deepEqual([first.stoppedAt, from], [250, 251])
    assert.deepEqual(
      await tasksThere(db),
      Array.from({ length: 700 }, (_, i) => `t${i}`),
    )
  })

  test(`lines of new tasks are taken as add-task takes them (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const later = new Date(Date.now() + 3_600_000).toISOString()

    const result = await imported(
      db,
      `{"task":"a","unique":"u"}\n\n{"task":"b","at":"${later}","key":"k"}\n{"task":"c","unique":"u"}`,
    )

    assert.deepEqual([result.added, result.duplicates], [{ ready: 1, scheduled: 1 }, 1])
    await assert.rejects(imported(db, '{"task":"a","at":"2020-01-01T00:00:00Z"}'), { message: /^Line 1: .*is over/ })
  })

  test(`an export of a selection is in the order of the ids, and what a person asked for (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await db.run(
      `INSERT INTO queue (task, queue) VALUES ${new Array(1_200).fill("('a', 'mail'), ('b', 'orders')").join(', ')}`,
    )

    const text = await exported(db, { queues: ['mail'] })

    const found = lines(text)
    assert.equal(found.length, 1_200)
    assert.ok(found.every(({ task }) => task === 'a'))
    const ids = found.map(({ id }) => Number(id))
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    )
  })
}
