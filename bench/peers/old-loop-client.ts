/**
 * The client of the old loop: rows of a table, added with INSERTs of up to a thousand rows.
 *
 *     node old-loop-client.ts <url>
 */
import mysql from 'mysql2/promise'
import { answer, params, timed } from './answer.ts'

const ROWS = 1_000
const [url = ''] = process.argv.slice(2)
const connection = await mysql.createConnection(url)
await connection.query(
  'CREATE TABLE old_queue (id INT AUTO_INCREMENT PRIMARY KEY, param TEXT NOT NULL, status TINYINT NOT NULL DEFAULT 0)',
)

await answer({
  async reset() {
    await connection.query('TRUNCATE TABLE old_queue')
  },
  enqueue: (count) => {
    const given = params(count)
    return timed(() => insertAll(given))
  },
  async remaining() {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(
      'SELECT COALESCE(SUM(status = 0), 0) AS unfinished, COALESCE(SUM(status = 3), 0) AS failed FROM old_queue',
    )
    return `${rows[0]?.unfinished} ${rows[0]?.failed}`
  },
})

async function insertAll(given: readonly string[]): Promise<void> {
  for (let first = 0; first < given.length; first += ROWS) {
    const some = given.slice(first, first + ROWS)
    const marks = some.map(() => '(?)').join(', ')
    await connection.execute(`INSERT INTO old_queue (param) VALUES ${marks}`, some)
  }
}
