/**
 * What the logs of a round say, and which of their lines nothing explains.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface LogReport {
  /** Lines about the end of an attempt, by task. */
  readonly attempts: ReadonlyMap<number, number>
  /** How often each event stands there. */
  readonly events: ReadonlyMap<string, number>
  readonly strange: readonly string[]
}

const EVENT = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) \S+ \d+ \S+ ([a-z-]+)( .*)?$/
/** What our programs write, and what the shell says of those that were killed. */
const OUTPUT = /^\d*(Killed|Terminated|Segmentation fault.*)?$/
const ATTEMPT = ['task-done', 'task-retry', 'task-failed', 'task-held', 'task-cancelled']
const EXPECTED = [
  ...ATTEMPT,
  ...['worker-start', 'worker-end', 'worker-adopted', 'shard-taken', 'drain', 'stop', 'runner-lost'],
  ...['tick', 'job-started', 'job-skipped', 'job-missed'], // a minute whose tick was killed is missed
]
/** Two ticks that come close to each other may start a worker each; the second finds the seat taken. */
const BUSY = /is being worked on by/
const WITHOUT_DATABASE = ['database-lost', 'database-back', 'rescue-failed', 'job-failed']
const NOT_REACHED = /cannot be reached|does not answer|has not answered|stays away|Lost connection/
const NEVER = /deadlock|lock wait|SQLITE_BUSY|is locked/i

/** @param databaseWasKilled  then it may be missed */
export function readLogs(directory: string, mails: readonly string[], databaseWasKilled: boolean): LogReport {
  const attempts = new Map<number, number>()
  const events = new Map<string, number>()
  const strange = mails.filter((line) => !isExplained(line, databaseWasKilled))
  const files = readdirSync(directory).filter((name) => name.endsWith('.log'))
  for (const line of files.flatMap((name) => readFileSync(join(directory, name), 'latin1').split('\n'))) {
    const [, event, fields = ''] = EVENT.exec(line) ?? []
    if (event === undefined) {
      if (!OUTPUT.test(line) && !isExplained(line, databaseWasKilled)) strange.push(line)
      continue
    }
    events.set(event, (events.get(event) ?? 0) + 1)
    const isExpected = EXPECTED.includes(event) || (databaseWasKilled && WITHOUT_DATABASE.includes(event))
    if (!isExpected || NEVER.test(line)) strange.push(line)
    const id = Number(/ id=(\d+) /.exec(fields)?.[1])
    if (ATTEMPT.includes(event)) attempts.set(id, (attempts.get(id) ?? 0) + 1)
  }
  return { attempts, events, strange }
}

function isExplained(line: string, databaseWasKilled: boolean): boolean {
  return !NEVER.test(line) && (BUSY.test(line) || (databaseWasKilled && NOT_REACHED.test(line)))
}
