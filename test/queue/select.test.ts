/**
 * Selections against a filter by hand over the same rows: random rows, random selections, every way of finding them.
 */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { isFinal, STATUS, STATUS_NAMES, type StatusName } from '../../src/queue/status.ts'
import { type Order, type SelectBounds, selectTasks } from '../../src/queue/store/select.ts'
import { pathOf } from '../../src/queue/store/select-path.ts'
import type { Selection } from '../../src/queue/store/selection.ts'
import { seededRandom } from '../fault/seeded-random.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { insert } from './lane-rows.ts'
import { openStore } from './stores.ts'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
const ROWS = 400
const SELECTIONS = 200
const START = Date.UTC(2026, 10, 1)
/** So small that a few hundred rows need every way. */
const BOUNDS: SelectBounds = { entries: 150, rows: 40, few: 5, firstWindows: [20, 50], window: 800 }

const QUEUES = ['mail', 'Mail', 'orders', 'exec:backup']
const TASKS = ['send-msg', 'sync-order', 'thumb']
const KEYS = ['customer-1', 'Customer-1', 'customer-2', 'größe', "o'neill", '100%']
const PARAMS = ['uid=4', 'UID=4', '50%', 'a_b', 'a\\b', '日本', '😀', "it's", 'axb', '']
const ERRORS = ['timed out', 'Timed out', 'exit code 1: größe', null]
const NEEDLES = ['uid', 'UID', '%', '_', '\\', 'ß', '😀', "'", 'b', 'out', '50%', 'nothing']

interface Row {
  readonly id: number
  readonly queue: string
  readonly task: string
  readonly param: string
  readonly key: string | null
  readonly state: StatusName
  readonly error: string | null
  readonly addedAt: number
  readonly finishedAt: number | null
}

type Random = ReturnType<typeof seededRandom>

for (const database of DATABASES) {
  test(`a selection is what a filter by hand is, page by page, either way round (${database.name}, SEED=${SEED})`, async (t) => {
    const random = seededRandom(SEED)
    const { db, rows } = await someRows(t, database, random)
    const ways = new Set<string>()

    for (let i = 0; i < SELECTIONS; i++) {
      const selection = randomSelection(random, rows)
      const order: Order = random.oneOf(['newest', 'oldest'])
      const limit = 10 + random.below(90)
      ways.add((await pathOf(db, selection, BOUNDS)).kind)

      const found = await allPages(db, selection, order, limit)

      const expected = rows.filter((row) => fits(row, selection)).map(({ id }) => id)
      assert.deepEqual(
        found,
        order === 'oldest' ? expected : expected.toReversed(),
        JSON.stringify({ selection, order }),
      )
    }
    assert.deepEqual([...ways].toSorted(), ['index', 'walk'])
  })

  test(`a page that has no time left says how far it looked, and the next goes on there (${database.name})`, async (t) => {
    const { db, rows } = await someRows(t, database, seededRandom(1))
    const selection = { param: 'uid' }
    const found: number[] = []
    let past: number | undefined
    let outOfTime = 0

    do {
      const page = await selectTasks(db, selection, { order: 'newest', past, limit: 500, budgetMs: 0 }, BOUNDS)
      found.push(...page.ids)
      if (page.ended === 'budget') outOfTime++
      assert.ok(page.reached === undefined || past === undefined || page.reached < past)
      past = page.reached
    } while (past !== undefined)

    const expected = rows.filter((row) => fits(row, selection)).map(({ id }) => id)
    assert.deepEqual(found, expected.toReversed())
    assert.ok(outOfTime > 3, `${outOfTime}`)
  })

  test(`every way uses the index that it names, and reads no table from end to end (${database.name})`, async (t) => {
    const { db } = await someRows(t, database, seededRandom(2))
    const since = START + 3_600_000
    const sqlite = db.dialect.ddl === 'sqlite'
    const ways: [Selection, string[]][] = [
      [{ param: 'uid' }, []],
      [{ states: ['failed'] }, [sqlite ? 'queue_failures' : 'queue_claim']],
      [{ states: ['running', 'scheduled'] }, sqlite ? ['queue_running', 'queue_scheduled'] : ['queue_claim']],
      [
        { states: ['ready', 'held'], queues: ['mail', 'orders'] },
        sqlite ? ['queue_claim', 'queue_held'] : ['queue_claim'],
      ],
      [{ states: ['ready', 'running'], key: 'customer-1' }, ['queue_lane']],
      [
        { states: ['ready', 'scheduled'], key: 'customer-1', queues: ['mail'] },
        ['queue_lane', sqlite ? 'queue_scheduled' : 'queue_claim'],
      ],
      [{ addedSince: since, addedUntil: since + 1_000_000 }, ['queue_added']],
      [
        { finishedSince: since, finishedUntil: since + 1_000_000 },
        sqlite ? ['queue_done', 'queue_failed', 'queue_cancelled'] : ['queue_finished'],
      ],
      ...(sqlite ? [] : ([[{ queues: ['exec:backup'] }, ['queue_claim']]] as [Selection, string[]][])),
    ]
    const large = { ...BOUNDS, entries: 10_000, rows: 10_000, few: 10_000 }

    for (const [selection, indexes] of ways) {
      const statements: [string, readonly Value[]][] = []
      const request = { order: 'newest', limit: 500 } as const
      await selectTasks(watched(db, statements), { ...selection, fromId: 2 }, request, large)

      const used = new Set<string>()
      for (const [sql, values] of statements) for (const index of await indexesOf(db, sql, values)) used.add(index)
      assert.deepEqual([...used].toSorted(), ['PRIMARY', ...indexes].toSorted(), JSON.stringify(selection))
    }
  })

  test(`a row in a state that there is none of is found by its queue (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    if (db.dialect.ddl === 'sqlite') await db.run('PRAGMA ignore_check_constraints = ON')
    const [first] = await insert(db, { queue: 'orders', status: 9 })
    await insert(db, { queue: 'mail', status: 9 })
    await insert(db, { queue: 'mail', status: 0 })
    const few = { ...BOUNDS, firstWindows: [] }

    const page = await selectTasks(db, { queues: ['orders'] }, { order: 'newest', limit: 5 }, few)

    assert.deepEqual(page, { ids: [first], ended: 'all', reached: undefined })
  })

  test(`a selection of no state, or of no row, is empty (${database.name})`, async (t) => {
    const { db } = await someRows(t, database, seededRandom(3))
    const request = { order: 'newest', limit: 5 } as const

    for (const selection of [
      { states: [] },
      { states: ['ready'], finishedSince: 0 },
      { queues: [] },
      { fromId: 9, toId: 3 },
      { addedSince: Date.UTC(2200, 0) },
    ] as Selection[])
      assert.deepEqual(await selectTasks(db, selection, request), { ids: [], ended: 'all', reached: undefined })
    assert.equal((await selectTasks(db, { addedUntil: Date.UTC(2200, 0), addedSince: -1 }, request)).ids.length, 5)
  })
}

/** Rows with gaps between their ids; times of a row do not follow its id. */
async function someRows(t: TestContext, database: Database, random: Random): Promise<{ db: Driver; rows: Row[] }> {
  const { db } = await openStore(t, database)
  const rows: Row[] = []
  let id = 0
  for (let i = 0; i < ROWS; i++) {
    id += random.weighed([
      [30, 1],
      [3, 7],
      [1, 500],
    ])
    const state = random.weighed(STATUS_NAMES.map((name) => [name === 'done' ? 12 : name === 'ready' ? 5 : 2, name]))
    rows.push({
      id,
      queue: random.oneOf(QUEUES),
      task: random.oneOf(TASKS),
      param: random.oneOf(PARAMS),
      key: random.below(2) === 0 ? null : random.oneOf(KEYS),
      state,
      error: random.oneOf(ERRORS),
      addedAt: START + random.below(10_000_000),
      finishedAt: isFinal(state) || random.below(3) === 0 ? START + random.below(10_000_000) : null,
    })
  }
  const time = db.dialect.fromMs('?')
  const columns = 'id, queue, task, param, shard_key, status, error, ctime, finished_at, attempts'
  await db.transaction(async (tx) => {
    for (const { id, queue, task, param, key, state, error, addedAt, finishedAt } of rows) {
      await tx.run(
        `INSERT INTO queue (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ${time}, ${finishedAt === null ? '?' : time}, ?)`,
        [id, queue, task, param, key, STATUS[state], error, addedAt, finishedAt, id % 2],
      )
    }
  })
  return { db, rows }
}

function randomSelection(random: Random, rows: readonly Row[]): Selection {
  const sometimes = <T>(value: T, oneIn: number) => (random.below(oneIn) === 0 ? value : undefined)
  const some = <T>(all: readonly T[]) => all.filter(() => random.below(2) === 0)
  const span = (oneIn: number) => {
    const from = START + random.below(10_000_000)
    return { from: sometimes(from, oneIn), to: sometimes(from + random.below(5_000_000), oneIn) }
  }
  const added = span(6)
  const finished = span(6)
  const highest = rows.at(-1)?.id ?? 0
  const fields = {
    queues: sometimes(some(QUEUES), 4),
    states: sometimes(some(STATUS_NAMES), 2),
    tasks: sometimes(some(TASKS), 5),
    key: sometimes(random.oneOf(KEYS), 5),
    param: sometimes(random.oneOf(NEEDLES), 5),
    error: sometimes(random.oneOf(NEEDLES), 6),
    addedSince: added.from,
    addedUntil: added.to,
    finishedSince: finished.from,
    finishedUntil: finished.to,
    fromId: sometimes(random.below(highest), 6),
    toId: sometimes(random.below(highest), 6),
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function fits(row: Row, it: Selection): boolean {
  const within = (at: number | null, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY) =>
    at !== null && at >= since && at < until
  const asksWhenFinished = it.finishedSince !== undefined || it.finishedUntil !== undefined
  return (
    (it.queues?.includes(row.queue) ?? true) &&
    (it.states?.includes(row.state) ?? true) &&
    (it.tasks?.includes(row.task) ?? true) &&
    (it.key === undefined || row.key === it.key) &&
    row.param.includes(it.param ?? '') &&
    (it.error === undefined || (row.error?.includes(it.error) ?? false)) &&
    within(row.addedAt, it.addedSince, it.addedUntil) &&
    (!asksWhenFinished || (isFinal(row.state) && within(row.finishedAt, it.finishedSince, it.finishedUntil))) &&
    row.id >= (it.fromId ?? 0) &&
    row.id <= (it.toId ?? Number.POSITIVE_INFINITY)
  )
}

async function allPages(db: Driver, selection: Selection, order: Order, limit: number): Promise<number[]> {
  const found: number[] = []
  let past: number | undefined
  do {
    const request = { order, past, limit, budgetMs: Number.POSITIVE_INFINITY }
    const page = await selectTasks(db, selection, request, BOUNDS)
    assert.ok(page.ids.length <= limit)
    assert.equal(page.ended === 'limit', page.ids.length === limit && page.reached !== undefined)
    found.push(...page.ids)
    past = page.reached
  } while (past !== undefined)
  return found
}

function watched(db: Driver, statements: [string, readonly Value[]][]): Driver {
  return Object.create(db, {
    all: {
      value: (sql: string, values: readonly Value[]) => {
        statements.push([sql, values])
        return db.all(sql, values)
      },
    },
  })
}

/** The indexes that a statement reads ranges of; a whole index or table is refused, unless it is a partial index. */
async function indexesOf(db: Driver, sql: string, values: readonly Value[]): Promise<string[]> {
  if (db.dialect.ddl === 'sqlite') {
    const plan = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, values)
    return plan.flatMap(({ detail }) => {
      const [, how, index] =
        /^(SEARCH|SCAN) queue USING (?:COVERING )?(?:INDEX (\w+)|INTEGER PRIMARY KEY)/.exec(detail) ?? []
      if (how === undefined) {
        assert.doesNotMatch(detail, /\bqueue\b/, sql)
        return []
      }
      return index ?? 'PRIMARY'
    })
  }
  const plan = await db.all<Record<string, string>>(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, values)
  return plan.flatMap(({ table, type, key = '', Extra = '' }) => {
    if (table !== 'queue') return []
    assert.match(type ?? '', /^(?:range|ref|const|eq_ref)$/, `${sql}\n${type} ${key} ${Extra}`)
    return key
  })
}
