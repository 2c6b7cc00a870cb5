/**
 * What the fault tests share: a project whose workers are killed, and what must be left of it in the end.
 *
 *     const project = await faultProject(t, database)
 *     const worker = await project.working([id], ['--concurrency', '3'])     // the programs of these tasks run
 *     await killed(worker)                                                   // kill -9: its runners go on
 *     await project.adopted()                                                // nothing of it is left
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { openDriver } from '../../src/queue/url.ts'
import { inputInMemory } from '../../src/worker/input-file.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { afterwards } from '../helpers/cleanup.ts'
import type { Database } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { type BinName, type ProjectOptions, type Running, waitFor } from '../helpers/processes.ts'

export interface FaultProject extends QueueProject {
  /** Starts a worker and returns when the programs of these tasks run. */
  working(ids: readonly (number | undefined)[], args?: readonly string[]): Promise<Running>
  /** Starts a worker that stays, on a queue of its own, and returns when it works. */
  beside(queue?: string): Promise<Running>
  /** Runs a command to its end while other things of the project go on. */
  once(name: BinName, args?: readonly string[]): Promise<void>
  /** The directories of workers, dead or alive. */
  workerDirectories(): string[]
  /** The journals in them, and their text. */
  journals(): { readonly path: string; readonly text: string }[]
  /** The files in memory for the input of its programs. */
  inputs(): string[]
  /** What a program wrote, from where its row says that it stands. */
  written(place: Parameters<QueueProject['output']>[0]): string
  /**
   * Nothing can be claimed or booked until the function that is returned is called. What a dead worker had asked a server
   * for is dropped then, or, as a server does that was left alone, carried out.
   */
  lockRows(): Promise<(waiting?: 'dropped' | 'carried out') => Promise<void>>
  /** What the table says of the workers. */
  workers(): Promise<WorkerRow[]>
  /** The lease of every worker, or of this one, is over from now on. */
  leaseEnds(worker?: number): Promise<void>
  /** What is left of the workers is of an earlier boot of this host from now on. */
  rebooted(): Promise<void>
  /** Resolves when nothing is running any more by the table, and returns how long that took. */
  booked(timeoutMs?: number): Promise<number>
  /** Resolves when the files and the row of every worker are gone, their inputs in memory too. */
  adopted(): Promise<void>
}

export interface WorkerRow {
  readonly id: number
  readonly host: string
  readonly seat: string | null
  /** Until the lease is over, by the database's clock. */
  readonly leaseMs: number
}

/** How soon a worker that runs beside a dead one takes care of it. */
export const NOTICED_MS = 2_000

/** A tick of its own for each test: the ledger has none of these minutes. */
export const AT = '2026-11-20T18:30:00Z'

/** A schedule for another queue than the tests', due every minute. */
export const OTHER_QUEUE = scheduleOf(`other: { when: every('1m'), queue: 'other' }`)

/** A schedule of which nothing is due at `AT`. */
export const NOTHING_DUE = scheduleOf(`nightly: { when: daily('02:30'), queue: 'other' }`)

export async function faultProject(
  t: TestContext,
  database: Database,
  options: ProjectOptions = {},
): Promise<FaultProject> {
  const project = await queueProject(t, database, options)
  const state = project.path('.queue')
  const seen = new Set<string>()
  const workerDirectories = () => {
    const found = existsSync(state) ? readdirSync(state).filter((name) => name.startsWith('worker-')) : []
    for (const name of found) seen.add(join(state, name))
    return found.map((name) => join(state, name))
  }
  const inputs = () => {
    workerDirectories()
    const possible = [...seen].flatMap((directory) => [0, 1, 2, 3].map((slot) => inputInMemory(directory, slot)))
    return possible.filter((path) => existsSync(path))
  }

  const all: FaultProject = {
    ...project,
    workerDirectories,
    inputs,
    async working(ids, args = []) {
      const worker = project.start('do-queue', args)
      for (const id of ids) await project.started(id)
      workerDirectories()
      return worker
    },
    async beside(queue = 'beside') {
      const before = project.events('worker-start').length
      const worker = project.start('do-queue', ['--queue', queue, '--watch'])
      await waitFor(() => project.events('worker-start').length > before, { what: 'the worker beside it to start' })
      return worker
    },
    async once(name, args = []) {
      const { code, stderr } = await project.start(name, args).exited
      assert.deepEqual([code, stderr], [0, ''])
    },
    journals: () =>
      workerDirectories().flatMap((directory) =>
        readdirSync(directory)
          .filter((name) => name.endsWith('.journal'))
          .map((name) => ({ path: join(directory, name), text: readFileSync(join(directory, name), 'latin1') })),
      ),
    written: (place) => (place.logBytes === null ? '' : project.output(place).toString()),
    lockRows: () => lockRows(t, project),
    workers: async () => {
      const { now, asMs } = project.db.dialect
      const rows = await project.db.all<Record<string, string | number | null>>(
        `SELECT id, host, seat, ${asMs('lease_until')} - ${asMs(now)} AS lease_ms FROM worker ORDER BY id`,
      )
      return rows.map((row) => ({
        id: Number(row.id),
        host: String(row.host),
        seat: row.seat === null ? null : String(row.seat),
        leaseMs: Number(row.lease_ms),
      }))
    },
    async leaseEnds(worker) {
      const which = worker === undefined ? '' : ` WHERE id = ${worker}`
      await project.db.run(`UPDATE worker SET lease_until = ${project.db.dialect.fromNow('-1000')}${which}`)
    },
    async rebooted() {
      await project.db.run("UPDATE worker SET boot_id = 'an earlier one'")
      for (const directory of workerDirectories()) {
        const owner = readdirSync(directory).find((name) => name.startsWith('owner.'))
        if (owner !== undefined) renameSync(join(directory, owner), join(directory, owner.replace(/\.[0-9a-f]+/, '.0')))
      }
    },
    async booked(timeoutMs = 10_000) {
      const since = performance.now()
      const isBooked = async () => !(await project.states()).includes('running')
      await waitFor(isBooked, { what: 'what was running to be booked', timeoutMs })
      return performance.now() - since
    },
    async adopted() {
      const left = async () => [
        ...workerDirectories(),
        ...inputs(),
        ...(await all.workers()).map(({ id }) => `row ${id} of worker`),
      ]
      let last: string[] = []
      const isClear = async () => {
        last = await left()
        return last.length === 0
      }
      await waitFor(isClear, { what: 'the dead to be cleared away', timeoutMs: 5_000 }).catch(() =>
        assert.deepEqual(last, []),
      )
      await project.nothingIsLeft()
    },
  }
  return all
}

/** kill -9 to one worker, and to nothing that it started. */
export async function killed(worker: Running): Promise<void> {
  worker.kill('SIGKILL')
  await waitFor(() => !isAlive(worker.pid), { what: 'the end of the worker' })
}

/** What a power cut does to a worker, as far as its processes go. */
export async function killedWithRunners(
  project: QueueProject,
  worker: Running,
  pids: readonly number[],
): Promise<void> {
  const runners = project.runners()
  worker.kill('SIGKILL')
  for (const { pid } of runners) process.kill(-pid, 'SIGKILL')
  const all = [worker.pid, ...runners.map(({ pid }) => pid), ...pids]
  await waitFor(() => all.every((pid) => !isAlive(pid)), { what: 'the end of the worker and its programs' })
}

/** The parent of a process that lives. */
export function parentOf(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : Number(parent)
  } catch {
    return undefined
  }
}

/** SIGTERM to workers that stay, once they have cleared away all others; they have nothing to do and leave. */
export async function dismissed(project: FaultProject, ...workers: readonly Running[]): Promise<void> {
  const others = async () =>
    Math.max((await project.workers()).length, project.workerDirectories().length) - workers.length
  await waitFor(async () => (await others()) === 0, { what: 'the dead to be cleared away', timeoutMs: 5_000 })
  for (const worker of workers) worker.kill('SIGTERM')
  for (const { code, stderr } of await Promise.all(workers.map(({ exited }) => exited)))
    assert.deepEqual([code, stderr], [0, ''])
}

/** The names of a project's logs that hold output too large for the day's. */
export function outputFiles(project: QueueProject): string[] {
  return readdirSync(dirname(project.path('logs', 'x'))).filter((name) => name.endsWith('.out'))
}

/** A transaction of ours holds every row, or the whole database where it knows no rows. */
async function lockRows(t: TestContext, { url, directory, db }: QueueProject): ReturnType<FaultProject['lockRows']> {
  const holder = await openDriver(url, directory)
  afterwards(t, () => holder.close())
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const { promise: isLocked, resolve: locked } = Promise.withResolvers<void>()
  const holding = holder.transaction(async (tx) => {
    await tx.run('UPDATE queue SET task = task')
    locked()
    await released
  })
  await isLocked
  return async (waiting = 'dropped') => {
    if (waiting === 'dropped' && db.dialect.ddl === 'mysql') await endWaitingStatements(db)
    release()
    await holding
  }
}

/** A server goes on with what a client asked for before it died. */
async function endWaitingStatements(db: Driver): Promise<void> {
  const rows = await db.all<{ id: number }>(
    "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'UPDATE%' AND id <> CONNECTION_ID()",
  )
  for (const { id } of rows) await db.run(`KILL ${Number(id)}`).catch(() => {})
}

function scheduleOf(jobs: string): string {
  return `import { daily, defineSchedule, every } from 'cron-mission'\nexport default defineSchedule({ timezone: 'Europe/Berlin', jobs: { ${jobs} } })\n`
}
