/**
 * A shop and a warehouse, each a database of one MariaDB: orders are placed in the one, and arrive in the other.
 *
 * The warehouse writes down each time it is told of an order, also of one that it has, so what was run twice is seen.
 */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise'
import { openQueue, type Queue } from '../../src/queue/open-queue.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'

export interface Warehouse extends QueueProject {
  /** Places so many orders more, of so many customers, on several connections at once; those of a customer on one. */
  place(orders: number, customers: number): Promise<void>
  /** How many have arrived. */
  arrived(): Promise<number>
  /** From the order until it was in the warehouse, of the last so many: milliseconds by the server's clock, ascending. */
  latencies(count: number): Promise<number[]>
  /**
   * Every order has arrived once, and those of a customer as they were placed.
   *
   * @returns how often the warehouse was told of an order that it had already
   */
  audit(): Promise<number>
}

const SAMPLE = readFileSync(join(import.meta.dirname, '../../tasks/warehouse-order.warm.php'), 'utf8')
const SITES = 4
/** Of so many orders one is placed by the library, the others by a plain INSERT. */
const BY_LIBRARY = 5

const SHOP_TABLES = `
  CREATE TABLE orders (
    id          BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    customer    INT UNSIGNED NOT NULL,
    total_cents INT UNSIGNED NOT NULL
  )`
const WAREHOUSE_TABLES = [
  `CREATE TABLE incoming_order (
     order_id    BIGINT UNSIGNED PRIMARY KEY,
     customer    INT UNSIGNED NOT NULL,
     total_cents INT UNSIGNED NOT NULL,
     arrived_at  TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
   )`,
  'CREATE TABLE told (place BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, order_id BIGINT UNSIGNED, customer INT UNSIGNED)',
  `CREATE TRIGGER write_down BEFORE INSERT ON incoming_order
     FOR EACH ROW INSERT INTO told (order_id, customer) VALUES (NEW.order_id, NEW.customer)`,
]

/** @param job  the words of the schedule for the queue of orders */
export async function warehouseProject(t: TestContext, job: string): Promise<Warehouse> {
  const [, mariadb] = DATABASES
  if (mariadb === undefined) throw new Error('There is no MariaDB. Run npm run test:recipes.')
  const { url: warehouseUrl } = await mariadb.create(t)
  const project = await queueProject(t, mariadb, {
    tasks: { 'warehouse-order.warm.php': SAMPLE },
    schedule: `import { always, defineSchedule } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: { orders: ${job} } })
`,
  })
  writeFileSync(
    project.path('config.php'),
    `<?php return ['shop' => '${dsn(project.url)}', 'warehouse' => '${dsn(warehouseUrl)}'];\n`,
  )
  const shop = await connection(t, project.url)
  await shop.query(SHOP_TABLES)
  const warehouse = await connection(t, warehouseUrl)
  for (const statement of WAREHOUSE_TABLES) await warehouse.query(statement)
  const sites = await Promise.all(Array.from({ length: SITES }, () => connection(t, project.url)))
  const library = await openQueue(project.url)
  afterwards(t, () => library.close())
  const shopName = new URL(project.url).pathname.slice(1)

  return {
    ...project,
    async place(orders, customers) {
      const ofSite = (site: number) => Math.floor((orders + site) / SITES)
      await Promise.all(
        sites.map(async (site, number) => {
          for (let i = 0; i < ofSite(number); i++) {
            const customer = (i % (customers / SITES)) * SITES + number
            await placeOne(site, library, customer, i % BY_LIBRARY === 0)
          }
        }),
      )
    },
    arrived: async () => Number((await all(warehouse, 'SELECT COUNT(*) AS n FROM incoming_order'))[0]?.n),
    async latencies(count) {
      const rows = await all(
        warehouse,
        `SELECT TIMESTAMPDIFF(MICROSECOND, queue.ctime, arrived_at) / 1000 AS ms
           FROM incoming_order JOIN ${shopName}.queue ON param = CONCAT('order=', order_id)
          ORDER BY order_id DESC LIMIT ${count}`,
      )
      return rows.map(({ ms }) => Number(ms)).toSorted((a, b) => a - b)
    },
    async audit() {
      const missing = `SELECT COUNT(*) AS n FROM ${shopName}.orders
                         LEFT JOIN incoming_order ON order_id = orders.id WHERE order_id IS NULL`
      assert.equal(Number((await all(warehouse, missing))[0]?.n), 0, 'every order has arrived')
      const told = await all(warehouse, 'SELECT order_id, customer FROM told ORDER BY place')
      const seen = new Set<number>()
      const newest = new Map<number, number>()
      for (const row of told) {
        const [id, customer] = [Number(row.order_id), Number(row.customer)]
        assert.ok(id >= (newest.get(customer) ?? 0), `order ${id} of customer ${customer} came too late`)
        newest.set(customer, id)
        seen.add(id)
      }
      return told.length - seen.size
    },
  }
}

/** An order and its task, in the site's own transaction. */
async function placeOne(site: Connection, library: Queue, customer: number, byLibrary: boolean): Promise<void> {
  await site.beginTransaction()
  const [{ insertId }] = await site.execute<mysql.ResultSetHeader>(
    'INSERT INTO orders (customer, total_cents) VALUES (?, ?)',
    [customer, 1990],
  )
  const param = `order=${insertId}`
  if (byLibrary) {
    const task = { queue: 'orders', task: 'warehouse-order', param, key: String(customer) }
    await library.add(task, { connection: site })
  } else {
    await site.execute("INSERT INTO queue (queue, task, param, shard_key) VALUES ('orders', 'warehouse-order', ?, ?)", [
      param,
      customer,
    ])
  }
  await site.commit()
}

function dsn(url: string): string {
  const { hostname, port, username, password, pathname } = new URL(url)
  const names = { host: hostname, port, dbname: pathname.slice(1), user: username, password }
  return `mysql:${Object.entries(names)
    .map(([name, value]) => `${name}=${value}`)
    .join(';')}`
}

async function connection(t: TestContext, url: string): Promise<Connection> {
  const opened = await mysql.createConnection(url)
  afterwards(t, () => opened.end())
  return opened
}

async function all(database: Connection, sql: string): Promise<RowDataPacket[]> {
  const [rows] = await database.query<RowDataPacket[]>(sql)
  return rows
}

export function percentile(sorted: readonly number[], share: number): string {
  return `${(sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(0)} ms`
}
