/**
 * The client of our queue: adds with the library as it was built, and, as a program without it would, with an INSERT of its own.
 *
 *     node our-client.ts <url>
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import { openDriver } from '../../src/queue/url.ts'
import { OUR_BUILD } from '../options.ts'
import { answer, momentOf, params, timed } from './answer.ts'

const INSERT = 'INSERT INTO queue (task, param) VALUES (?, ?)'
const SQLITE = 'sqlite:'
const TASK = 'program'

const [url = ''] = process.argv.slice(2)
const { openQueue } = (await import(join(OUR_BUILD, 'index.js'))) as typeof import('../../src/index.ts')
const queue = await openQueue(url)
const db = await openDriver(url, process.cwd())
const insert = await openInsert()

await answer({
  async reset() {
    await db.run(url.startsWith(SQLITE) ? 'DELETE FROM queue' : 'TRUNCATE TABLE queue')
  },
  enqueue: (count) => {
    const tasks = params(count).map((param) => ({ task: TASK, param }))
    return timed(() => queue.addMany(tasks))
  },
  add: (param = '') => momentOf(() => queue.add({ task: TASK, param })),
  insert: (param = '') => momentOf(() => insert(param)),
  async remaining() {
    const [row] = await db.all<{ unfinished: number; failed: number }>(
      `SELECT COALESCE(SUM(status IN (0, 2, 4)), 0) AS unfinished, COALESCE(SUM(status IN (3, 5, 6)), 0) AS failed FROM queue`,
    )
    return `${row?.unfinished} ${row?.failed}`
  },
})

async function openInsert(): Promise<(param: string) => unknown> {
  if (url.startsWith(SQLITE)) {
    const file = new DatabaseSync(url.slice(SQLITE.length), { timeout: 5_000 })
    const statement = file.prepare(INSERT)
    return (param) => statement.run(TASK, param)
  }
  const connection = await mysql.createConnection(url)
  return (param) => connection.execute(INSERT, [TASK, param])
}
