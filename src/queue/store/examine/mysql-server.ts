/**
 * What a server of MySQL or MariaDB says of itself, as far as we may know: what needs a privilege that a queue has no use for
 * is undefined without it.
 */
import type { Executor } from '../../driver.ts'
import { errorNumber } from '../../mysql-errors.ts'
import type { OldTransaction, ServerFacts, Variables } from './server-facts.ts'

const VARIABLES = [
  ...['autocommit', 'tx_isolation', 'transaction_isolation', 'time_zone', 'sql_mode', 'wait_timeout'],
  ...[
    'read_only',
    'super_read_only',
    'innodb_read_only',
    'max_allowed_packet',
    'max_connections',
    'hostname',
    'datadir',
  ],
  ...['innodb_flush_log_at_trx_commit', 'sync_binlog', 'log_bin', 'max_prepared_stmt_count'],
  ...['wsrep_on', 'wsrep_sync_wait', 'wsrep_node_name'],
]
const STATUS = [
  ...['Threads_connected', 'Prepared_stmt_count', 'Innodb_history_list_length'],
  ...['wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_ready', 'wsrep_local_state_comment'],
]
/** Access denied to a command, a column, a database; a privilege of the server is missing. */
const DENIED = [1044, 1142, 1143, 1227, 1370]

export async function readServer(db: Executor, tables: () => readonly string[]): Promise<ServerFacts> {
  const [self] = await db.all<{ version: string; user: string; name: string }>(
    'SELECT VERSION() AS version, CURRENT_USER() AS user, DATABASE() AS name',
  )
  const status = await pairs(db, 'SHOW GLOBAL STATUS', STATUS)
  return {
    version: String(self?.version),
    session: await pairs(db, 'SHOW SESSION VARIABLES', VARIABLES),
    global: await pairs(db, 'SHOW GLOBAL VARIABLES', VARIABLES),
    status,
    copies: await primaryOf(db),
    oldestTransaction: await ifAllowed(() => oldestTransaction(db)),
    historyLength: await historyLength(db, status),
    user: String(self?.user),
    database: String(self?.name),
    refused: (await mayAll(db, String(self?.name))) ? new Map() : await refusals(db, tables()),
  }
}

async function pairs(db: Executor, show: string, names: readonly string[]): Promise<Variables> {
  const list = names.map((name) => `'${name}'`).join(', ')
  const rows = await db.all<{ Variable_name: string; Value: string }>(`${show} WHERE Variable_name IN (${list})`)
  return new Map(rows.map(({ Variable_name, Value }) => [Variable_name.toLowerCase(), Value]))
}

/** The same question by its newer and by its older name. */
async function primaryOf(db: Executor): Promise<string | undefined> {
  for (const question of ['SHOW REPLICA STATUS', 'SHOW SLAVE STATUS']) {
    try {
      const [row] = await db.all<Record<string, string>>(question)
      return row === undefined ? undefined : (row.Source_Host ?? row.Master_Host ?? 'another server')
    } catch {
      // It has no such question, or none for us.
    }
  }
  return undefined
}

async function oldestTransaction(db: Executor): Promise<OldTransaction | undefined> {
  const [row] = await db.all<{ connection: number; age: number; user: string | null; host: string | null }>(
    `SELECT trx.trx_mysql_thread_id AS connection, TIMESTAMPDIFF(SECOND, trx.trx_started, NOW()) AS age,
            process.user AS user, process.host AS host
       FROM information_schema.innodb_trx AS trx
            LEFT JOIN information_schema.processlist AS process ON process.id = trx.trx_mysql_thread_id
      WHERE trx.trx_mysql_thread_id <> CONNECTION_ID()
      ORDER BY trx.trx_started LIMIT 1`,
  )
  if (row === undefined) return undefined
  return {
    connection: Number(row.connection),
    user: row.user ?? undefined,
    host: row.host?.replace(/:\d+$/, '') ?? undefined,
    ageMs: Number(row.age) * 1_000,
  }
}

/** MariaDB counts it among its status; MySQL has it where it is asked for with a privilege. */
async function historyLength(db: Executor, status: Variables): Promise<number | undefined> {
  const known = status.get('innodb_history_list_length')
  if (known !== undefined) return Number(known)
  const [row] =
    (await ifAllowed(() =>
      db.all<{ count: number }>(
        "SELECT count AS count FROM information_schema.innodb_metrics WHERE name = 'trx_rseg_history_len'",
      ),
    )) ?? []
  return row === undefined ? undefined : Number(row.count)
}

const NEEDED = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']

/** Whether one grant has all we need: the usual case. What comes by roles, or table by table, has to be tried. */
async function mayAll(db: Executor, database: string): Promise<boolean> {
  const grants = (await db.all<Record<string, string>>('SHOW GRANTS')).flatMap((row) => Object.values(row))
  return grants.some((grant) => {
    const [, privileges = '', place = ''] = /^GRANT (.*?) ON (\S+) TO /.exec(grant) ?? []
    const all = privileges.split(', ')
    const isEnough = all.includes('ALL PRIVILEGES') || NEEDED.every((one) => all.includes(one))
    return isEnough && ['*.*', `\`${database}\`.*`].includes(place)
  })
}

/** To explain a statement takes the privilege to run it, and runs nothing. */
async function refusals(db: Executor, tables: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const refused = new Map<string, string[]>()
  for (const table of tables) {
    const statements = {
      SELECT: `EXPLAIN SELECT 1 FROM ${table} LIMIT 1`,
      INSERT: `EXPLAIN INSERT INTO ${table} SELECT * FROM ${table} WHERE 1 = 0`,
      UPDATE: `EXPLAIN UPDATE ${table} SET ${ANY_COLUMN[table] ?? 'id'} = 0 WHERE 1 = 0`,
      DELETE: `EXPLAIN DELETE FROM ${table} WHERE 1 = 0`,
    }
    for (const [privilege, statement] of Object.entries(statements)) {
      if (await isDenied(db, statement)) refused.set(table, [...(refused.get(table) ?? []), privilege])
    }
  }
  return refused
}

/** Of tables without an id. */
const ANY_COLUMN: Readonly<Record<string, string>> = {
  slot: 'is_open',
  setting: 'value',
  job: 'meaning',
  tally: 'attempts',
}

async function isDenied(db: Executor, statement: string): Promise<boolean> {
  try {
    await db.all(statement)
    return false
  } catch (error) {
    return DENIED.includes(errorNumber(error)) // what else may be wrong with a table, others look for
  }
}

async function ifAllowed<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (DENIED.includes(errorNumber(error))) return undefined
    throw error
  }
}
