/**
 * A project of which a test asks why a task has not run: rows as a test wants them, and the answer with `TIME` for times.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { explainTask } from '../../src/bin/command/queuectl/why.ts'
import { readSettings } from '../../src/bin/settings.ts'
import type { Case, Explanation } from '../../src/ctl/why/explanation.ts'
import { ownIdentity } from '../../src/host/identity.ts'
import type { Driver, Value } from '../../src/queue/driver.ts'
import type { Database } from '../helpers/databases.ts'
import type { ProjectOptions } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

export type Columns = Readonly<Record<string, Value>>

export interface Answer {
  readonly case: Case
  readonly sentence: string
  /** Values by their labels; of several facts with one label, a line each. */
  readonly facts: Readonly<Record<string, string>>
  readonly next: string | undefined
}

export interface WhyProject extends QueueProject {
  why(id: number): Promise<Answer>
  /** Writes a row as it is; of its times, milliseconds from now. @returns its id */
  put(table: 'queue' | 'attempt' | 'worker', columns: Columns): Promise<number>
  /** A worker of this very process, which holds shards of a queue. @returns its id */
  worker(queue: string, total: number, shard: number, columns?: Columns): Promise<number>
}

export const HOUR = 3_600_000
export const MINUTE = 60_000

const TIMES = [
  'ctime',
  'mtime',
  'run_at',
  'expires_at',
  'cancel_at',
  'started_at',
  'finished_at',
  'lease_until',
  'beat_at',
]

export async function whyProject(
  t: TestContext,
  database: Database,
  { env, ...options }: ProjectOptions = {},
): Promise<WhyProject> {
  const project = await queueProject(t, database, { ...options, env: { QUEUE_TIMEZONE: 'UTC', ...env } })
  const settings = readSettings({ directory: project.directory }, {})
  const put = (table: string, columns: Columns) => insert(project.db, table, columns)
  return {
    ...project,
    put,
    why: async (id) => answer(await explainTask(project.db, id, settings), project),
    worker(queue, total, shard, columns = {}) {
      const { host, bootId, pid, pidStart } = ownIdentity()
      return put('worker', {
        ...{ queue, total, shard, seat: `${queue}/${total}/${shard}`, state_directory: project.path('.queue') },
        ...{ host, boot_id: bootId, pid, pid_start: pidStart, lease_until: MINUTE, retry: '1m', crash: 'retry' },
        ...columns,
      })
    },
  }
}

/** Asserts what is said of each task, behind its name. */
export async function tells(
  project: WhyProject,
  expected: readonly (readonly [number, Answer['case'], string])[],
): Promise<void> {
  const told: [number, string, string][] = []
  for (const [id] of expected) {
    const { case: kind, sentence } = await project.why(id)
    const plain = sentence.replace(/, at TIME \(in \w+\)/, ', at TIME (in DISTANCE)').replace(/for 2h\d+s:/, 'for 2h:')
    told.push([id, kind, plain])
  }
  assert.deepEqual(
    told,
    expected.map(([id, kind, sentence]) => [id, kind, `Task ${id} ${sentence}`]),
  )
}

async function insert(db: Driver, table: string, columns: Columns): Promise<number> {
  const names = Object.keys(columns)
  const isTime = (name: string) => TIMES.includes(name) && columns[name] !== null
  const values = names.map((name) => (isTime(name) ? db.dialect.fromNow('?') : '?'))
  const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${values.join(', ')})`
  return (await db.run(sql, Object.values(columns))).insertId
}

function answer({ case: kind, sentence, facts, next }: Explanation, project: QueueProject): Answer {
  const { host, pid } = ownIdentity()
  const plain = (text: string) =>
    text
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?/g, 'TIME')
      .replace(/\((?:\d{1,2}s ago|now)\)/g, '(now)')
      .replaceAll(project.directory, 'PROJECT')
      .replaceAll(`${host}:${pid}`, 'HERE:PID')
      .replaceAll(host, 'HERE')
  const byLabel: Record<string, string> = {}
  for (const [label, value] of facts) {
    const before = byLabel[label] === undefined ? '' : `${byLabel[label]}\n`
    byLabel[label] = before + plain(value)
  }
  return { case: kind, sentence: plain(sentence), facts: byLabel, next: next?.command }
}
