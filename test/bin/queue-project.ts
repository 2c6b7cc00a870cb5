/**
 * A project with a queue: a directory with the fixture programs, a database with our tables, the commands in it.
 *
 *     const project = await queueProject(t, database)
 *     const [id] = await project.insert({ task: 'exit', param: '1' })
 *     await project.run('do-queue', ['--retry', '10m'])
 *
 * Rows are written by plain INSERTs, as a producer in any language would, and read by plain SELECTs.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { installationName, migrate } from '../../src/queue/migrate.ts'
import { type StatusName, statusName } from '../../src/queue/status.ts'
import { openDriver } from '../../src/queue/url.ts'
import { inputInMemory } from '../../src/worker/input-file.ts'
import { workerDirectoryPath } from '../../src/worker/worker-directory.ts'
import { afterwards } from '../helpers/cleanup.ts'
import type { Database } from '../helpers/databases.ts'
import { isAlive, type MarkedProcess, markedProcesses } from '../helpers/marked.ts'
import {
  type BinName,
  type Ended,
  makeProject,
  type Project,
  type ProjectOptions,
  type Running,
  runBin,
  startBin,
  waitFor,
} from '../helpers/processes.ts'

/** Columns of `queue`; of the times, milliseconds from now by the database's clock. */
export interface NewRow {
  readonly task: string
  readonly [column: string]: Value
}

/** How an attempt ended and where its output stands: the same columns in `queue` and `attempt`. */
export interface Ending {
  readonly exitCode: number | null
  readonly exitSignal: string | null
  readonly error: string | null
  readonly logFile: string | null
  readonly logOffset: number | null
  readonly logBytes: number | null
}

export interface Row extends Ending {
  readonly id: number
  readonly status: StatusName | `${number}`
  readonly attempts: number
  readonly claimToken: number | null
  readonly workerId: number | null
  /** How long after the last change of the row it may run, in milliseconds. */
  readonly delayMs: number
}

export interface AttemptRow extends Ending {
  readonly attempt: number
  readonly outcome: string
}

export interface QueueProject extends Project {
  readonly db: Driver
  readonly url: string
  /** @returns the ids */
  insert(...rows: readonly NewRow[]): Promise<number[]>
  rows(): Promise<Row[]>
  row(id: number | undefined): Promise<Row>
  /** The states of all rows, by id. */
  states(): Promise<string[]>
  attempts(id: number | undefined): Promise<AttemptRow[]>
  /** Runs a command to its end, and asserts that nothing of it is left. */
  run(name: BinName, args?: readonly string[], options?: RunOptions): Promise<Ended>
  /** Starts a command; the test ends with `nothingIsLeft`. */
  start(name: BinName, args?: readonly string[], options?: RunOptions): Running
  /** The pids that a fixture program wrote when it had started. */
  started(id: number | undefined): Promise<number[]>
  /** The shells that run programs now. */
  runners(): MarkedProcess[]
  /** What stands where a row says that its output is. */
  output(place: Pick<Ending, 'logFile' | 'logOffset' | 'logBytes'>): Buffer
  /** The event lines of today's log with this name. */
  events(name: string): string[]
  /** Where the worker with this id has its files. */
  workerDirectory(id: number): Promise<string>
  /** Makes the file that a `wait-for` program waits for. */
  release(file: string): void
  /** Neither process, nor state directory, nor input in memory, nor row of `worker`. */
  nothingIsLeft(): Promise<void>
}

type RunOptions = Partial<Pick<Parameters<typeof runBin>[2], 'cwd' | 'env' | 'stdin'>>

const FIXTURES = join(import.meta.dirname, '../fixtures/tasks')
const PROJECT_MARK = 'CRON_MISSION_TEST_PROJECT'
const TIMES = ['run_at', 'expires_at', 'ctime']

const fixtures = Object.fromEntries(
  readdirSync(FIXTURES).map((name) => [name, readFileSync(join(FIXTURES, name), 'utf8')]),
)

/** @param options  `tasks` are there besides the fixtures; `env` is the content of `.env`, besides QUEUE_URL */
export async function queueProject(
  t: TestContext,
  database: Database,
  options: ProjectOptions = {},
): Promise<QueueProject> {
  const { url } = await database.create(t)
  const project = makeProject(t, {
    ...options,
    tasks: { ...fixtures, ...options.tasks },
    env: { QUEUE_URL: url, ...options.env },
  })
  const db = await openDriver(url, project.directory)
  afterwards(t, () => db.close())
  await migrate(db)

  const mark = randomBytes(8).toString('hex')
  const surroundings = ({ env, ...options }: RunOptions = {}) => ({
    cwd: project.directory,
    ...options,
    env: { ...env, [PROJECT_MARK]: mark },
    t,
  })

  const rows = async () => (await db.all<Record<string, Value>>(selectRows(db))).map(readRow)
  const all: QueueProject = {
    ...project,
    db,
    url,
    rows,
    insert: (...given) => insert(db, given),
    row: async (id) => present((await rows()).find((row) => row.id === id)),
    states: async () => (await rows()).map(({ status }) => status),
    attempts: (id) => attempts(db, id),
    start: (name, args = [], given = {}) => startBin(name, args, surroundings(given)),
    async run(name, args = [], given = {}) {
      const ended = await runBin(name, args, surroundings(given))
      await all.nothingIsLeft()
      return ended
    },
    async started(id) {
      const file = `started.${id}`
      const pids = () => project.lines(file)[0]?.split(' ').map(Number)
      return waitFor(pids, { what: `the program to write ${file}` })
    },
    runners: () => markedProcesses(PROJECT_MARK, mark).filter(({ command }) => command === '/bin/sh'),
    output: ({ logFile, logOffset, logBytes }) =>
      readFileSync(project.path('logs', logFile ?? 'none')).subarray(
        logOffset ?? 0,
        (logOffset ?? 0) + (logBytes ?? 0),
      ),
    events: (name) => eventLines(project, name),
    workerDirectory: async (id) => workerDirectoryPath(project.path('.queue'), await installationName(db), id),
    release: (file) => writeFileSync(project.path(file), ''),
    async nothingIsLeft() {
      const processes = () => markedProcesses(PROJECT_MARK, mark).map(({ command }) => command)
      const state = project.path('.queue')

      await waitFor(() => processes().length === 0, { timeoutMs: 3_000, what: `the end of ${processes()}` })
      const directories = existsSync(state) ? readdirSync(state).filter((name) => name.startsWith('worker-')) : []
      const workers = await Promise.all([1, 2, 3, 4, 5].map(all.workerDirectory))
      const inputs = workers.flatMap((directory) => [0, 1, 2, 3].map((slot) => inputInMemory(directory, slot)))
      assert.deepEqual(directories, [])
      assert.deepEqual(
        inputs.filter((path) => existsSync(path)),
        [],
      )
      assert.deepEqual(await db.all('SELECT id, seat FROM worker'), [])
    },
  }
  return all
}

/** Waits until these processes have ended. */
export async function allGone(pids: readonly number[]): Promise<void> {
  await waitFor(() => pids.every((pid) => !isAlive(pid)), {
    what: `the end of the processes ${pids}`,
    timeoutMs: 4_000,
  })
}

async function insert(db: Driver, rows: readonly NewRow[]): Promise<number[]> {
  return db.transaction(async (tx) => {
    const ids: number[] = []
    for (const row of rows) {
      const columns = Object.keys(row)
      const values = columns.map((column) => (TIMES.includes(column) ? db.dialect.fromNow('?') : '?'))
      const sql = `INSERT INTO queue (${columns.join(', ')}) VALUES (${values.join(', ')})`
      ids.push((await tx.run(sql, Object.values(row))).insertId)
    }
    return ids
  })
}

const ENDING = 'exit_code, exit_signal, error, log_file, log_offset, log_bytes'

function selectRows({ dialect }: Driver): string {
  return `
    SELECT id, status, attempts, claim_token, worker_id, ${ENDING},
           ${dialect.asMs('run_at')} - ${dialect.asMs('mtime')} AS delay_ms
      FROM queue ORDER BY id`
}

type Columns = Record<string, Value>

function readRow(row: Columns): Row {
  return {
    id: Number(row.id),
    status: statusName(Number(row.status)),
    attempts: Number(row.attempts),
    claimToken: number(row, 'claim_token'),
    workerId: number(row, 'worker_id'),
    ...readEnding(row),
    delayMs: Number(row.delay_ms),
  }
}

async function attempts(db: Driver, id: number | undefined): Promise<AttemptRow[]> {
  const sql = `SELECT attempt, outcome, ${ENDING} FROM attempt WHERE task_id = ? ORDER BY id`
  const rows = await db.all<Columns>(sql, [present(id)])
  return rows.map((row) => ({ attempt: Number(row.attempt), outcome: String(row.outcome), ...readEnding(row) }))
}

function readEnding(row: Columns): Ending {
  return {
    exitCode: number(row, 'exit_code'),
    exitSignal: text(row, 'exit_signal'),
    error: text(row, 'error'),
    logFile: text(row, 'log_file'),
    logOffset: number(row, 'log_offset'),
    logBytes: number(row, 'log_bytes'),
  }
}

function number(row: Columns, name: string): number | null {
  return row[name] === null ? null : Number(row[name])
}

function text(row: Columns, name: string): string | null {
  return row[name] === null ? null : String(row[name])
}

function eventLines(project: Project, name: string): string[] {
  const logs = existsSync(project.path('logs')) ? readdirSync(project.path('logs')) : []
  const lines = logs.filter((file) => file.endsWith('.log')).flatMap((file) => project.lines(join('logs', file)))
  return lines.filter((line) => line.split(' ')[4] === name)
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('There is no such row.')
  return value
}
