/**
 * A worker that finds nothing to do leaves quickly, says what a whole worker says, and never leaves so when there is
 * something to see to.
 */
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { ownIdentity } from '../../src/host/identity.ts'
import { SCHEMA_VERSION } from '../../src/queue/schema-version.ts'
import { LEASE_MS } from '../../src/queue/store/seat.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { watched } from './loaded-files.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const QUICK = ['bin/do-queue.js', 'quick/do-queue.js']
const WHOLE = 'command/do-queue.js'
const YESTERDAY = -86_400_000

interface Case {
  readonly what: string
  readonly sql?: (project: QueueProject) => Promise<unknown>
  readonly args?: readonly string[]
  readonly code?: number
  readonly says?: RegExp
}

/** What a worker with these arguments must see to. */
const DISTURBANCES: readonly Case[] = [
  { what: 'a ready task', sql: ({ insert }) => insert({ task: 'say', bucket: 7 }) },
  { what: 'a ready task of its shard', sql: ({ insert }) => insert({ task: 'say', bucket: 7 }), args: shard(2, 1) },
  { what: 'a ready task whose time is to come', sql: ({ insert }) => insert({ task: 'say', run_at: 3_600_000 }) },
  {
    what: 'a task that has come to its time, of whatever queue',
    sql: ({ insert }) => insert({ task: 'say', queue: 'other', status: 4, run_at: -1_000 }),
  },
  {
    what: 'a task that nobody runs any more',
    sql: ({ db }) =>
      db.run(
        `INSERT INTO queue (task, queue, status, worker_id, claim_token, started_at)
         VALUES ('say', 'other', 2, 4711, 1, ${db.dialect.fromNow('?')})`,
        [-LEASE_MS - 1_000],
      ),
  },
  {
    what: 'its paused queue',
    sql: setting('pause-queue:default', '{"by":"ann"}'),
    code: 75,
    says: /^do-queue: Nothing is started: queue default is paused since .* by ann: /,
  },
  { what: 'a program that was paused', sql: setting('pause-task:*/say', '{"lifted":1}') },
  { what: 'a job that is stopped', sql: setting('stop:mail@*', 'ann'), args: ['--job', 'mail'] },
  { what: 'tables of another version', sql: version('99'), code: 78, says: /version 99, newer than/ },
  {
    what: 'a worker of its queue',
    sql: worker({ queue: 'default' }),
    code: 75,
    says: /^do-queue: Shard 0\/1 of queue "default" is being worked on by pid \d+ on /,
  },
  { what: 'a worker of its queue, of another total', sql: worker({ queue: 'default', total: 2 }) },
  { what: 'a worker whose lease is over', sql: worker({ queue: 'other', leaseMs: -1_000, host: 'elsewhere' }) },
  { what: 'a worker whose process is gone', sql: worker({ queue: 'other', pid: 2 ** 30 }) },
  { what: 'what a worker left', sql: async (project) => mkdirSync(await project.workerDirectory(4711)) },
  { what: 'no state directory', sql: async (project) => rmSync(project.path('.queue'), { recursive: true }) },
  { what: 'the tasks of one program', args: ['--task', 'say'] },
  { what: 'a slot', args: ['--job', 'mail', '--slot', '2026-11-20T02:30:00Z'] },
  { what: 'a command', args: ['--job', 'mail', '--exec', '["true"]'] },
  { what: 'a priority', args: ['--nice', '1'] },
  { what: 'a trial', args: ['--dry-run'], says: /^Nothing would be run\.\n$/ },
  { what: 'what a person typed', args: ['-q', 'default'] },
  { what: 'a mistake', args: ['--total', '61'], code: 64, says: /^do-queue: --total is 61\./ },
]

/** Nothing of this concerns a worker with these arguments. */
const DISTANT: readonly Case[] = [
  { what: 'a ready task of another queue', sql: ({ insert }) => insert({ task: 'say', queue: 'other' }) },
  { what: 'a ready task of another shard', sql: ({ insert }) => insert({ task: 'say', bucket: 7 }), args: shard(2, 0) },
  { what: 'a task whose time is to come', sql: ({ insert }) => insert({ task: 'say', status: 4, run_at: 3_600_000 }) },
  { what: 'a finished task', sql: ({ insert }) => insert({ task: 'say', status: 1, run_at: YESTERDAY }) },
  {
    what: 'a living worker of another queue, with its directory',
    async sql(project) {
      await worker({ queue: 'other' })(project)
      const [row] = await project.db.all<{ id: number }>('SELECT id FROM worker')
      mkdirSync(await project.workerDirectory(Number(row?.id)))
    },
  },
]

for (const database of DATABASES) {
  test(`a worker without work loads the quick part alone and leaves nothing but its lines (${database.name})`, async (t) => {
    const project = await idleProject(t, database)

    for (const args of [[], ['--json'], ['--total', '4', '--shard', '1-2', '--quiet'], ['--warm', '--fail']]) {
      const quick = await watched(project, 'do-queue', args)
      const ofQuick = lastTwo(project)
      const whole = await watched(project, 'do-queue', [...args, '--nice', '0'])

      assert.deepEqual(quick.files, QUICK)
      assert.ok(whole.files.includes(WHOLE))
      assert.deepEqual(told(quick), told(whole))
      assert.deepEqual(ofQuick, lastTwo(project))
      await project.nothingIsLeft()
    }
  })

  test(`whatever a worker has to see to gets a whole worker (${database.name})`, async (t) => {
    const project = await idleProject(t, database)
    for (const { what, sql, args = [], code = 0, says = /^(?:|\d.*\n)$/ } of DISTURBANCES) {
      await sql?.(project)

      const worker = await watched(project, 'do-queue', args)

      assert.ok(worker.files.includes(WHOLE), what)
      assert.equal(worker.code, code, what)
      assert.match(worker.stdout + worker.stderr, says, what)
      await calm(project)
    }
  })

  test(`what does not concern a worker does not keep it (${database.name})`, async (t) => {
    const project = await idleProject(t, database)
    for (const { what, sql, args = [] } of DISTANT) {
      await sql?.(project)

      const worker = await watched(project, 'do-queue', args)

      assert.deepEqual([worker.files, worker.code], [QUICK, 0], what)
      await calm(project)
    }
  })
}

const [sqlite] = DATABASES as [Database]

test('a log that cannot be written is complained of once', async (t) => {
  const project = await idleProject(t, sqlite)
  rmSync(project.path('logs'), { recursive: true })
  writeFileSync(project.path('logs'), '')

  const { code, stdout, stderr } = await watched(project, 'do-queue')

  assert.deepEqual([code, stdout], [78, ''])
  assert.match(stderr, /^do-queue: The log directory \S+ cannot be written \(\w+\)\. [^\n]+\n$/)
})

function shard(total: number, one: number): string[] {
  return ['--total', String(total), '--shard', String(one)]
}

function setting(name: string, value: string) {
  return ({ db }: QueueProject) => db.run('INSERT INTO setting (name, value) VALUES (?, ?)', [name, value])
}

function version(value: string) {
  return ({ db }: QueueProject) => db.run(`UPDATE setting SET value = ? WHERE name = 'schema_version'`, [value])
}

/** Of this very process, unless it is to be another. */
function worker({ queue = '', total = 1, leaseMs = LEASE_MS, ...other }) {
  const { host, bootId, pid, pidStart } = { ...ownIdentity(), ...other }
  return ({ db, path }: QueueProject) =>
    db.run(
      `INSERT INTO worker (queue, total, shard, seat, host, boot_id, pid, pid_start, state_directory, retry, crash, lease_until)
       VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, '', 'retry', ${db.dialect.fromNow('?')})`,
      [queue, total, `${queue}/${total}/0`, host, bootId, pid, pidStart, path('.queue'), leaseMs],
    )
}

async function idleProject(t: TestContext, database: Database): Promise<QueueProject> {
  const project = await queueProject(t, database)
  await project.run('do-queue')
  return project
}

/** As it was before. */
async function calm(project: QueueProject): Promise<void> {
  const { db } = project
  const [row] = await db.all<{ value: string }>(`SELECT value FROM setting WHERE name = 'schema_version'`)
  for (const table of ['queue', 'attempt', 'worker']) await db.run(`DELETE FROM ${table}`)
  await db.run(`DELETE FROM setting WHERE name NOT IN ('schema_version', 'installation')`)
  if (row?.value === '99') await version(String(SCHEMA_VERSION))(project)
  rmSync(project.path('.queue'), { recursive: true, force: true })
  mkdirSync(project.path('.queue'))
}

/** What was printed, without what differs from run to run. */
function told({ code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }): unknown {
  return [code, stdout.replace(/"seconds":[\d.e-]+/, '').replace(/in \d\.\d s/, ''), stderr]
}

/** The lines of the worker that left last, without what differs from run to run. */
function lastTwo(project: QueueProject): string[] {
  return ['worker-start', 'worker-end'].map((name) =>
    (project.events(name).at(-1) ?? '').replace(/^\S+ (\S+) \d+/, '$1').replace(/ (?:worker|seconds)=\S+/, ''),
  )
}
