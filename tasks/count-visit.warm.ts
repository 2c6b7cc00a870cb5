/**
 * Counts a visit of a page: `page=/lamps`. A warm program: one process serves many tasks, and its database stays open.
 *
 * It reads a line of JSON for each task and answers with one; what it prints goes to standard error, which is the task's output in
 * the log. See docs/warm-programs.md. A task may be run more than once, so its key is stored with the visit: the second time it
 * is there, and nothing changes.
 *
 * VISITS  the database file (visits.db)
 */
import { createInterface } from 'node:readline'

const NEVER_RETRY = 65

process.removeAllListeners('warning') // Node 22 warns that its SQLite is experimental: noise in the log
const { DatabaseSync } = process.getBuiltinModule('node:sqlite')

const visits = new DatabaseSync(process.env.VISITS ?? 'visits.db', { timeout: 10_000 })
visits.exec('PRAGMA journal_mode = WAL')
visits.exec('CREATE TABLE IF NOT EXISTS visit (key TEXT PRIMARY KEY, page TEXT NOT NULL) WITHOUT ROWID')
const insert = visits.prepare('INSERT INTO visit (key, page) VALUES (?, ?) ON CONFLICT DO NOTHING')

for await (const line of createInterface({ input: process.stdin })) {
  const { id, param, key } = JSON.parse(line)
  process.stdout.write(`${JSON.stringify({ id, ...answer(param, key) })}\n`)
}

function answer(param: string, key: string): { exit: number; error?: string } {
  const page = new URLSearchParams(param).get('page')
  if (page === null) return { exit: NEVER_RETRY, error: `"${param}" names no page. Give page=/lamps.` }
  try {
    const { changes } = insert.run(key, page)
    console.error(`${page} ${changes === 1 ? 'counted' : 'was counted by an earlier attempt'}`)
    return { exit: 0 }
  } catch (error) {
    return { exit: 1, error: String(error) } // tried again by the task's list of delays
  }
}
