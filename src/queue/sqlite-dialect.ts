/**
 * How SQL of SQLite differs.
 *
 * Times are integers. An index holds the rows of one state, so that which one a statement is to use goes by the state.
 */
import type { Dialect, GivenColumns, StateIndex } from './driver.ts'
import { isBusy, isDuplicate, isMissingTable, isUnavailable } from './sqlite-errors.ts'
import type { StatusName } from './status.ts'

const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"

const STATE_INDEXES: Readonly<Record<StatusName, StateIndex>> = {
  ready: { index: 'queue_claim', hasQueue: true },
  running: { index: 'queue_running', hasQueue: false },
  scheduled: { index: 'queue_scheduled', hasQueue: true },
  held: { index: 'queue_held', hasQueue: true },
  done: { index: 'queue_done', hasQueue: false },
  failed: { index: 'queue_failures', hasQueue: true },
  cancelled: { index: 'queue_cancelled', hasQueue: false },
}

function given(columns: GivenColumns): string {
  const parts = Object.keys(columns).map((name, place) => `value ->> ${place} AS ${name}`)
  return `(SELECT ${parts.join(', ')} FROM json_each(?)) AS given`
}

export const sqliteDialect: Dialect = {
  title: 'SQLite',
  ddl: 'sqlite',
  added: 'ctime',
  bytesOf: (column) => `OCTET_LENGTH(${column})`,
  now: NOW,
  fromNow: (ms) => `(${NOW} + CAST(${ms} AS INTEGER))`,
  asMs: (column) => column,
  fromMs: (ms) => `CAST(${ms} AS INTEGER)`,
  latestMs: 8_640_000_000_000_000,
  orIgnore: () => 'ON CONFLICT DO NOTHING',
  addUp: (_, columns) =>
    `ON CONFLICT DO UPDATE SET ${columns.map((it) => `${it} = ${it} + excluded.${it}`).join(', ')}`,
  thisMinute: '(unixepoch() / 60 * 60000)',
  forUpdate: '', // every transaction is BEGIN IMMEDIATE
  useIndex: (index) => `INDEXED BY ${index}`,
  byPrimaryKey: 'NOT INDEXED',
  stateIndex: (state) => STATE_INDEXES[state],
  queueIndex: undefined,
  finishedIndexes: [
    { index: 'queue_done', states: ['done'] },
    { index: 'queue_failed', states: ['failed'] },
    { index: 'queue_cancelled', states: ['cancelled'] },
  ],
  given,
  updateGiven: (columns, set, where) =>
    `WITH given AS (SELECT * FROM ${given(columns)})
     UPDATE queue
        SET ${set}
       FROM given
      WHERE queue.id = given.id
        AND ${where}`,
  limitedBranch: (select) => `SELECT * FROM (${select})`,
  migratesItself: true,
  batchMs: 3, // there is one writer at a time
  restMs: 30,
  maxValues: 32_000,
  isDuplicate,
  isAlreadyThere: (error) => error instanceof Error && /^duplicate column name|already exists$/.test(error.message),
  runningIndex: 'queue_running',
  isMissingTable,
  isTransient: isBusy,
  isConnectionLost: () => false,
  isUnavailable,
}
