import assert from 'node:assert/strict'
import { test } from 'node:test'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { Complaint, EXIT, openQueue } from '../../src/index.ts'
import { migrate } from '../../src/queue/migrate.ts'
import { checkNewTask, type NewTask } from '../../src/queue/new-task.ts'
import { openDriver } from '../../src/queue/url.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'

const NOW = Date.UTC(2026, 10, 20, 18)
const LATEST = Date.UTC(2038, 0, 19, 3, 14, 7)
const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'there is no MySQL server'

test('a task needs its name only; the rest has its defaults', () => {
  const { bucket, ...row } = check({ task: 'send-msg' })

  assert.ok(Number.isInteger(bucket) && bucket >= 0 && bucket < 60)
  assert.deepEqual(row, {
    queue: 'default',
    task: 'send-msg',
    param: '',
    priority: 0,
    shardKey: null,
    uniqueKey: null,
    keepUnique: 0,
    inMs: 0,
    at: null,
    expiresAt: null,
    retry: null,
    maxAttempts: null,
    timeoutSeconds: null,
  })
})

test('tasks without a key are dealt to every bucket, those with one key to one', () => {
  const without = new Set(Array.from({ length: 3_000 }, () => check({ task: 'x' }).bucket))
  const withKey = new Set(Array.from({ length: 100 }, () => check({ task: 'x', key: 'shop-7' }).bucket))

  assert.equal(without.size, 60)
  assert.deepEqual([...withKey], [45])
})

test('a time is a number, a Date, or ISO text', () => {
  const at = (value: NonNullable<NewTask['at']>) => check({ task: 'x', at: value }).at
  const later = NOW + 60_000

  assert.equal(at(later), later)
  assert.equal(at(new Date(later)), later)
  assert.equal(at(new Date(later).toISOString()), later)
  assert.equal(at('2026-11-21T00:00:00+02:00'), Date.UTC(2026, 10, 20, 22))
  assert.equal(at(later + 0.4), later)
})

test('a time limit is kept in whole seconds, never shorter than asked for', () => {
  const seconds = (timeoutMs: number) => check({ task: 'x', timeoutMs }).timeoutSeconds

  assert.deepEqual([1, 1_000, 1_001, 90_000].map(seconds), [1, 1, 2, 90])
})

test('a retry list is kept as it is written, and none of it as "none"', () => {
  const kept = (retry: string) => check({ task: 'x', retry }).retry

  assert.deepEqual([kept(' 2m, 10m '), kept(''), kept('none')], ['2m, 10m', 'none', 'none'])
})

test('what fits is accepted to the last byte', () => {
  check({
    task: '🐘'.repeat(128),
    param: `${'€'.repeat(21_845)}`,
    queue: 'q'.repeat(64),
    key: 'k'.repeat(255),
    unique: 'u'.repeat(255),
  })
  check({ task: 'x', priority: -32_768, maxAttempts: 65_535, expires: LATEST })
  check({ task: 'x', priority: 32_767, maxAttempts: 1, at: LATEST })
})

const REFUSED: readonly (readonly [unknown, RegExp])[] = [
  [{}, /^The task is empty\. Name a program of the tasks directory, such as send-msg\.$/],
  [{ task: 7 }, /^The task is 7\. Give text\.$/],
  [{ task: '' }, /^The task is empty\. Name a program of the tasks directory, such as send-msg\.$/],
  [{ task: 'x'.repeat(129) }, /^The task is 129 characters long\. Use at most 128\.$/],
  [{ task: 'a\0b' }, /^The task "a\\u0000b" holds a NUL or half a character\. Correct it\.$/],
  [{ task: 'x', prio: 1 }, /^A task has no field "prio"\. It has task, param, queue, .+, timeoutMs\.$/],
  [{ task: 'x', param: 42 }, /^The param is 42\. Give text; encode structures with JSON or encodeParams\.$/],
  [{ task: 'x', param: null }, /^The param is null\. Give text; /],
  [
    { task: 'x', param: '€'.repeat(21_846) },
    /^The param is 65538 bytes long\. At most 65535 fit; put the data into a table .+\.$/,
  ],
  [
    { task: 'x', param: 'a\0b' },
    /^The param holds a NUL byte, which no program can be given as an argument\. Encode it\.$/,
  ],
  [
    { task: 'x', param: 'half \ud83d' },
    /^The param is not well-formed Unicode \(half of a surrogate pair\)\. Correct or encode it\.$/,
  ],
  [{ task: 'x', queue: '' }, /^The queue "" is no queue name\. Use 1 to 64 letters, digits, .+\.$/],
  [{ task: 'x', queue: '-mail' }, /^The queue "-mail" is no queue name\. /],
  [{ task: 'x', queue: 'q'.repeat(65) }, /^The queue "q+" is no queue name\. /],
  [{ task: 'x', queue: 'mail\n' }, /^The queue "mail\\n" is no queue name\. /],
  [{ task: 'x', queue: 5 }, /^The queue 5 is no queue name\. /],
  [{ task: 'x', priority: 1.5 }, /^The priority is 1\.5\. Use a whole number from -32768 to 32767\.$/],
  [{ task: 'x', priority: 40_000 }, /^The priority is 40000\. /],
  [{ task: 'x', priority: '1' }, /^The priority is "1"\. /],
  [{ task: 'x', inMs: -1 }, /^The in is -1\. Use a whole number from 0 to \d+\.$/],
  [{ task: 'x', inMs: Number.NaN }, /^The in is NaN\. /],
  [{ task: 'x', inMs: 1, at: NOW }, /^Both "at" and "in" are given\. Use one of them\.$/],
  [
    { task: 'x', at: 'tomorrow' },
    /^The time "at" is "tomorrow", which is no time\. Write it like 2026-12-31T23:30:00Z\.$/,
  ],
  [{ task: 'x', at: new Date(Number.NaN) }, /^The time "at" is Invalid Date, which is no time\. /],
  [{ task: 'x', at: 0 }, /^The time "at" is 0\. Give a time after 1970\.$/],
  [
    { task: 'x', at: LATEST + 1 },
    /^The time "at" is 2038-01-19T03:14:07\.001Z\. This database holds times up to 2038-01-19T03:14:07\.000Z\.$/,
  ],
  [{ task: 'x', at: null }, /^The time "at" is null\. Give a time after 1970\.$/],
  [
    { task: 'x', expires: NOW },
    /^The task would expire at 2026-11-20T18:00:00\.000Z, which is over\. Give a later time\.$/,
  ],
  [
    { task: 'x', inMs: 2_000, expires: NOW + 1_000 },
    /^The task would expire at .+, before it may run at .+\. Give a later time to expire\.$/,
  ],
  [{ task: 'x', key: 'k'.repeat(256) }, /^The key is 256 characters long\. Use at most 255\.$/],
  [{ task: 'x', unique: 'u'.repeat(256) }, /^The unique is 256 characters long\. Use at most 255\.$/],
  [{ task: 'x', unique: 7 }, /^The unique is 7\. Give text\.$/],
  [{ task: 'x', keepUnique: 'yes' }, /^The keepUnique is "yes"\. .+\.$/],
  [{ task: 'x', retry: '1m,soon' }, /^The retry list "1m,soon" has the entry "soon", which is no duration\. .+\.$/],
  [{ task: 'x', retry: '1m,'.repeat(100) }, /^The retry list is 300 characters long\. Use at most 255\.$/],
  [{ task: 'x', maxAttempts: 0 }, /^The maxAttempts is 0\. Use a whole number from 1 to 65535\.$/],
  [{ task: 'x', timeoutMs: 0 }, /^The timeout is 0\. Use a whole number from 1 to \d+\.$/],
]

for (const [given, sentence] of REFUSED) {
  test(`refused: ${JSON.stringify(given).slice(0, 60)}: ${sentence.source.slice(1, 40)}`, () => {
    assert.throws(
      () => check(given as NewTask),
      (error) => {
        assert.ok(error instanceof Complaint)
        assert.equal(error.exitCode, EXIT.badData)
        assert.match(error.message, sentence)
        return true
      },
    )
  })
}

for (const database of DATABASES) {
  test(`the library adds tasks, and of many that are checked first all or none (${database.name})`, async (t) => {
    const { url } = await database.create(t)
    const db = await openDriver(url, '/')
    afterwards(t, () => db.close())
    await migrate(db)
    const queue = await openQueue(url)
    afterwards(t, () => queue.close())

    const one = await queue.add({ task: 'a', unique: 'u' })
    const duplicate = await queue.add({ task: 'b', unique: 'u' })
    const many = await queue.addMany([{ task: 'c' }, { task: 'd', unique: 'u' }, { task: 'e' }])
    await assert.rejects(queue.addMany([{ task: 'f' }, { task: '' }]), Complaint)

    assert.ok(one.added && one.id !== undefined)
    assert.deepEqual(duplicate, { id: undefined, added: false })
    assert.deepEqual(many, { added: 2, duplicates: 1 })
    assert.deepEqual(await db.all('SELECT task FROM queue ORDER BY task').then(names), ['a', 'c', 'e'])
  })
}

test("on a caller's connection a task is part of the caller's transaction", { skip }, async (t) => {
  const url = (await mariadb?.create(t))?.url ?? ''
  const db = await openDriver(url, '/')
  afterwards(t, () => db.close())
  await migrate(db)
  const queue = await openQueue(url)
  afterwards(t, () => queue.close())
  const connection = await mysql.createConnection(url)
  afterwards(t, () => connection.end())
  await connection.query('CREATE TABLE orders (id INT)')
  const seen = () => db.all('SELECT task FROM queue ORDER BY id').then(names)

  await connection.beginTransaction()
  await connection.query('INSERT INTO orders VALUES (1)')
  await queue.add({ task: 'rolled-back' }, { connection })
  await queue.addMany([{ task: 'rolled-back' }, { task: 'rolled-back' }], { connection })
  const before = await seen()
  await connection.rollback()
  const after = await seen()

  await connection.beginTransaction()
  await connection.query('INSERT INTO orders VALUES (2)')
  const first = await queue.add({ task: 'committed', unique: 'order 2', param: "it's \\" }, { connection })
  const again = await queue.add({ task: 'committed', unique: 'order 2' }, { connection })
  await queue.addMany([{ task: 'also' }, { task: 'not', unique: 'order 2' }], { connection })
  await connection.commit()

  assert.deepEqual([before, after], [[], []])
  assert.deepEqual([first.added, again.added], [true, false])
  assert.deepEqual(await seen(), ['committed', 'also'])
  const [orders] = await connection.query<RowDataPacket[]>('SELECT id FROM orders')
  assert.deepEqual(
    orders.map(({ id }) => id),
    [2],
  )
})

test("on a caller's connection nothing of a task is taken for SQL, whatever the caller's sql_mode is", {
  skip,
}, async (t) => {
  const url = (await mariadb?.create(t))?.url ?? ''
  const db = await openDriver(url, '/')
  afterwards(t, () => db.close())
  await migrate(db)
  const queue = await openQueue(url)
  afterwards(t, () => queue.close())
  const connection = await mysql.createConnection(url)
  afterwards(t, () => connection.end())
  const modes = ['', 'NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES', 'PIPES_AS_CONCAT']
  const param = `it's "quoted", \\', /* and */ -- broken\n`

  for (const mode of modes) {
    await connection.query(`SET SESSION sql_mode = '${mode}'`)
    await queue.add({ task: 'x', param, key: param, unique: `${param}${mode}` }, { connection })
  }

  const rows = await db.all<{ param: string; shard_key: string }>('SELECT param, shard_key FROM queue')
  assert.deepEqual(
    rows,
    modes.map(() => ({ param, shard_key: param })),
  )
})

function check(given: NewTask) {
  return checkNewTask(given, NOW, LATEST)
}

function names(rows: readonly unknown[]): string[] {
  return (rows as readonly { task: string }[]).map(({ task }) => task)
}
