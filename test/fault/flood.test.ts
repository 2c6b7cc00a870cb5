/** Programs that write gigabytes: the worker's memory does not see them, nor do the programs beside. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { type Running, waitFor } from '../helpers/processes.ts'

const [sqlite] = DATABASES as readonly [Database]

const MEBIBYTE = 1_048_576
const LIMIT = 64 * MEBIBYTE
/** What a worker may grow by while a gigabyte goes through its programs. */
const MOST_GROWTH = 32 * MEBIBYTE

/** Writes as many bytes as its parameter says, as fast as it can. */
const torrent = '#!/bin/sh\nhead -c "$1" /dev/zero\n'
/** A gigabyte in a second or two; then it stays. */
const flood = `#!/bin/sh
for i in 1 2 3 4 5 6 7 8 9 10; do head -c 100000000 /dev/zero; sleep 0.1; done
exec sleep 600
`

test('of four programs side by side one writes and writes: it is stopped, and the others never notice', async (t) => {
  const project = await queueProject(t, sqlite, { tasks: { flood } })
  const { worker, grownBy } = await warmWorker(project, ['--concurrency', '4', '--grace', '5s'])

  const [id] = await project.insert({ task: 'flood' }, ...Array.from({ length: 300 }, () => ({ task: 'tally' })))
  await finished(project)

  const row = await project.row(id)
  assert.match(row.error ?? '', /^stopped after writing 67108864 bytes, its limit/)
  assert.deepEqual(
    (await project.attempts(id)).map(({ outcome }) => outcome),
    ['flood'],
  )
  assert.ok((row.logBytes ?? 0) > LIMIT && (row.logBytes ?? 0) < 1_000_000_000, `${row.logBytes} bytes`)
  assert.ok((await longestMs(project, 'tally')) < 1_000)
  assert.ok(grownBy() < MOST_GROWTH, `the worker has grown by ${grownBy()} bytes`)
  assert.equal(bytesUnder(project.path('.queue')) < MEBIBYTE, true, 'the state directory is free again')
  await leaves(project, worker)
})

test('a gigabyte of output within the limit passes by the worker, to the last byte', async (t) => {
  const project = await queueProject(t, sqlite, { tasks: { torrent } })
  const { worker, grownBy } = await warmWorker(project, [])
  const size = 60 * MEBIBYTE

  const ids = await project.insert(...Array.from({ length: 16 }, () => ({ task: 'torrent', param: `${size}` })))
  await finished(project)

  for (const id of ids) {
    const { status, logFile, logOffset, logBytes } = await project.row(id)
    assert.deepEqual([status, logOffset, logBytes], ['done', 0, size])
    assert.equal(statSync(project.path('logs', logFile ?? '')).size, size)
  }
  assert.ok(grownBy() < MOST_GROWTH, `the worker has grown by ${grownBy()} bytes`)
  await leaves(project, worker)
})

test('outputs that are just small enough for the log do not pile up in memory', async (t) => {
  const project = await queueProject(t, sqlite, { tasks: { torrent } })
  const { worker, grownBy } = await warmWorker(project, ['--concurrency', '4'])

  await project.insert(...Array.from({ length: 256 }, () => ({ task: 'torrent', param: `${MEBIBYTE}` })))
  await finished(project)

  assert.deepEqual(new Set((await project.rows()).slice(1).map(({ logBytes }) => logBytes)), new Set([null, MEBIBYTE]))
  assert.ok(grownBy() < 2 * MOST_GROWTH, `the worker has grown by ${grownBy()} bytes`)
  await leaves(project, worker)
})

/** A worker that has run a hundred programs, and how many bytes of memory more it has used at most since then. */
async function warmWorker(
  project: QueueProject,
  flags: readonly string[],
): Promise<{ readonly worker: Running; readonly grownBy: () => number }> {
  await project.insert(...Array.from({ length: 100 }, () => ({ task: 'tally' })))
  const worker = project.start('do-queue', ['--watch', ...flags])
  await finished(project)
  const before = peakMemory(worker.pid)
  return { worker, grownBy: () => peakMemory(worker.pid) - before }
}

async function finished(project: QueueProject): Promise<void> {
  const isFinished = async () => (await project.states()).every((state) => /done|failed|scheduled/.test(state))
  await waitFor(isFinished, { what: 'the programs to end', timeoutMs: 60_000 })
}

/** The most memory that a process has used so far, in bytes. */
function peakMemory(pid: number): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) * 1_024
}

/** How long the slowest attempt at that task took, from start to end. */
async function longestMs({ db }: QueueProject, task: string): Promise<number> {
  const ms = `${db.dialect.asMs('finished_at')} - ${db.dialect.asMs('started_at')}`
  const [row] = await db.all<{ ms: number }>(`SELECT MAX(${ms}) AS ms FROM queue WHERE task = ?`, [task])
  return Number(row?.ms)
}

function bytesUnder(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(`${parentPath}/${name}`).size, 0)
}

async function leaves(project: QueueProject, worker: Running): Promise<void> {
  worker.kill('SIGTERM')
  assert.equal((await worker.exited).code, 0)
  await project.nothingIsLeft()
}
