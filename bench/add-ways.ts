/**
 * Ways to add tasks: with `add-task`, with the library, and with statements written by hand, which check nothing and answer nothing.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise'
import type { NewTask } from '../src/queue/new-task.ts'
import { openQueue } from '../src/queue/open-queue.ts'
import { OUR_BUILD } from './options.ts'
import type { Project } from './project.ts'

export interface AddWay {
  readonly name: string
  readonly isOurs: boolean
  /** @returns seconds, from the first row to the last one on the disk */
  add(tasks: readonly NewTask[]): Promise<number>
}

const ROWS_PER_STATEMENT = 1_000
const ADD_TASK = join(OUR_BUILD, 'bin', 'add-task.js')

/** Each with a connection of its own that is open before the clock runs. */
export async function bulkWays(project: Project): Promise<AddWay[]> {
  return [
    { name: 'INSERT, 1,000 rows a statement', isOurs: false, add: withConnection(project, insertMany) },
    { name: 'LOAD DATA LOCAL INFILE', isOurs: false, add: (tasks) => loadData(project, tasks) },
    { name: 'queue.addMany', isOurs: true, add: withLibrary(project, (queue, tasks) => queue.addMany(tasks)) },
    { name: 'add-task < lines', isOurs: true, add: (tasks) => addLines(project, tasks) },
  ]
}

export async function singleWays(project: Project): Promise<AddWay[]> {
  return [
    { name: 'INSERT, one row a statement', isOurs: false, add: withConnection(project, insertEach) },
    {
      name: 'queue.add',
      isOurs: true,
      add: withLibrary(project, async (queue, tasks) => {
        for (const task of tasks) await queue.add(task)
      }),
    },
  ]
}

function withConnection(
  { url }: Project,
  add: (connection: Connection, tasks: readonly NewTask[]) => Promise<void>,
): AddWay['add'] {
  return async (tasks) => {
    const connection = await mysql.createConnection(url)
    try {
      return await timed(() => add(connection, tasks))
    } finally {
      await connection.end()
    }
  }
}

async function insertMany(connection: Connection, tasks: readonly NewTask[]): Promise<void> {
  for (let from = 0; from < tasks.length; from += ROWS_PER_STATEMENT) {
    const rows = tasks.slice(from, from + ROWS_PER_STATEMENT).map(({ task, param, queue }) => [task, param, queue])
    await connection.query('INSERT INTO queue (task, param, queue) VALUES ?', [rows])
  }
}

async function insertEach(connection: Connection, tasks: readonly NewTask[]): Promise<void> {
  for (const { task, param, queue } of tasks)
    await connection.execute('INSERT INTO queue (task, param, queue) VALUES (?, ?, ?)', [
      task,
      param ?? '',
      queue ?? 'default',
    ])
}

/** The text is made outside the time; none of its columns needs a quote or a backslash. */
async function loadData({ url, db }: Project, tasks: readonly NewTask[]): Promise<number> {
  await db.run('SET GLOBAL local_infile = 1')
  const text = tasks.map(({ task, param, queue }) => `${task}\t${param}\t${queue}\n`).join('')
  const connection = await mysql.createConnection(url)
  try {
    return await timed(() =>
      connection.query({
        sql: "LOAD DATA LOCAL INFILE 'tasks' INTO TABLE queue (task, param, queue)",
        infileStreamFactory: () => Readable.from([Buffer.from(text)]),
      }),
    )
  } finally {
    await connection.end()
  }
}

function withLibrary(
  { url }: Project,
  add: (queue: Awaited<ReturnType<typeof openQueue>>, tasks: readonly NewTask[]) => Promise<unknown>,
): AddWay['add'] {
  return async (tasks) => {
    const queue = await openQueue(url)
    try {
      await queue.add({ task: 'warm-up', queue: 'warm-up' })
      return await timed(() => add(queue, tasks))
    } finally {
      await queue.close()
    }
  }
}

/** Without what the command takes for no line at all: its start, and connecting. */
async function addLines(project: Project, tasks: readonly NewTask[]): Promise<number> {
  const file = join(project.directory, 'lines')
  writeFileSync(file, tasks.map((task) => `${JSON.stringify(task)}\n`).join(''))
  const empty = await timed(async () => addTask(project, [], ''))
  const lines = readFileSync(file)
  return (await timed(async () => addTask(project, [], lines))) - empty
}

/** The command as a script calls it. */
export function addTask(project: Project, args: readonly string[], input: string | Buffer): void {
  runNode(project, [ADD_TASK, ...args, '--url', project.url, '--quiet'], input)
}

/** A command that does the least there is to do for a row: it starts, connects, and inserts. */
export function insertByCommand(project: Project, values: readonly string[]): void {
  runNode(project, ['--input-type=module', '--eval', BARE_INSERT, project.url, ...values], '')
}

function runNode({ directory, environment }: Project, args: readonly string[], input: string | Buffer): void {
  const { status, stderr } = spawnSync(process.execPath, args, {
    ...{ cwd: directory, env: { ...environment }, input, encoding: 'utf8' },
  })
  if (status !== 0) throw new Error(`node ${args[0]} ended with ${status}.\n${stderr}`)
}

const BARE_INSERT = `
  import mysql from '${import.meta.resolve('mysql2/promise')}'
  const [url, task, param, queue] = process.argv.slice(1)
  const connection = await mysql.createConnection(url)
  await connection.execute('INSERT INTO queue (task, param, queue) VALUES (?, ?, ?)', [task, param, queue])
  await connection.end()`

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begunAt = performance.now()
  await work()
  return (performance.now() - begunAt) / 1_000
}

/** @throws Error when there are not as many rows as were added, or not in the order in which they were */
export async function requireRows({ db }: Project, tasks: readonly NewTask[]): Promise<void> {
  const rows = await db.all<RowDataPacket & { param: string }>(
    "SELECT param FROM queue WHERE queue <> 'warm-up' AND status = 0 ORDER BY id",
  )
  const isRight = rows.length === tasks.length && rows.every(({ param }, i) => param === tasks[i]?.param)
  if (!isRight)
    throw new Error(`${rows.length} rows are there, and ${tasks.length} were added, or their order differs.`)
}
