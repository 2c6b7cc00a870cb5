/**
 * Puts an order of the shop into the warehouse's database: `order=1042`, or `id=1042&total=19.90`.
 *
 * A task may be run more than once (a crash after the write, a time-out), so the order is stored under the task's key,
 * which is the same in every attempt: the second one finds it there and changes nothing. Many of these may run at once.
 *
 * It imports only what it needs, because it is started once for each order. For parameters with brackets, such as
 * `items[]=7`, `decodeParams` of cron-mission reads what PHP would.
 *
 * WAREHOUSE          the database file (warehouse.db)
 * WAREHOUSE_WAIT_MS  how long to wait for others that are writing (10000)
 */

const NEVER_RETRY = 65
const TRY_LATER = 75 // does not use up an attempt
const SQLITE_BUSY = 5

process.removeAllListeners('warning') // Node 22 warns that its SQLite is experimental: noise in the log
const { DatabaseSync } = process.getBuiltinModule('node:sqlite')

process.exitCode = main(process.argv[2] ?? '', process.env.TASK_KEY)

function main(param: string, taskKey: string | undefined): number {
  const order = readOrder(param)
  if (order === undefined) {
    console.error(`sync-order: "${param}" names no order. Give order=1042, or id=1042&total=19.90.`)
    return NEVER_RETRY
  }
  try {
    const stored = store(order, taskKey ?? `by-hand-${order.id}`)
    console.log(`order ${order.id} ${stored ? 'stored' : 'was stored by an earlier attempt'}`)
    return 0
  } catch (error) {
    if (!isBusy(error)) throw error // a stack in the log, exit code 1: tried again by the task's list of delays
    console.error('sync-order: the warehouse is busy, trying later.')
    return TRY_LATER
  }
}

type Order = { readonly id: number; readonly totalCents: number | null }

function readOrder(param: string): Order | undefined {
  const fields = new URLSearchParams(param)
  const id = fields.get('order') ?? fields.get('id') ?? ''
  const total = fields.get('total')
  if (!/^[1-9]\d{0,14}$/.test(id)) return undefined
  if (total !== null && !/^\d{1,10}(\.\d{1,2})?$/.test(total)) return undefined
  return { id: Number(id), totalCents: total === null ? null : Math.round(Number(total) * 100) }
}

/** @returns whether this attempt is the one that stored it */
function store(order: Order, key: string): boolean {
  const timeout = Number(process.env.WAREHOUSE_WAIT_MS ?? 10_000)
  const warehouse = new DatabaseSync(process.env.WAREHOUSE ?? 'warehouse.db', { timeout })
  try {
    warehouse.exec('PRAGMA journal_mode = WAL')
    warehouse.exec(`
      CREATE TABLE IF NOT EXISTS incoming_order (
        key         TEXT PRIMARY KEY,     -- the task's: one row for all its attempts
        order_id    INTEGER NOT NULL,
        total_cents INTEGER,
        stored_at   TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
      ) WITHOUT ROWID`)
    const { changes } = warehouse
      .prepare('INSERT INTO incoming_order (key, order_id, total_cents) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
      .run(key, order.id, order.totalCents)
    return changes === 1
  } finally {
    warehouse.close()
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}
