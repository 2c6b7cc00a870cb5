/**
 * Collecting the evidence of a round, when it is over: from the programs' file, the table, the logs and the system.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Value } from '../../src/queue/driver.ts'
import { installationName } from '../../src/queue/migrate.ts'
import { attemptsOf, delaysOf } from '../../src/queue/retry-list.ts'
import { statusName } from '../../src/queue/status.ts'
import { inputInMemory } from '../../src/worker/input-file.ts'
import { workerDirectoryPath } from '../../src/worker/worker-directory.ts'
import { bytesOfSeq } from '../fault/bytes-of-seq.ts'
import type { Crontab } from './crontab.ts'
import { type Attempt, type Evidence, parseSignature, type Task } from './evidence.ts'
import type { Killer } from './killer.ts'
import { readLogs } from './logs.ts'
import { CONCURRENCY, type Place, RETRY } from './place.ts'
import type { Producer } from './producer.ts'

type Columns = Record<string, Value>

export async function gather(
  place: Place,
  { acknowledged }: Producer,
  { deeds }: Killer,
  { mails }: Crontab,
): Promise<Evidence> {
  const wasKilled = deeds.some(({ kind }) => kind === 'database killed')
  const { attempts, strange } = readLogs(join(place.directory, 'logs'), mails, wasKilled)
  const signed = readFileSync(join(place.directory, 'signed'), 'latin1')
  return {
    tasks: await readTasks(place),
    attempts: await readAttempts(place),
    signatures: signed.split('\n').slice(0, -1).map(parseSignature),
    deeds,
    acknowledged,
    logged: attempts,
    surfaced: strange,
    left: await leftovers(place),
  }
}

/** What should have gone, and has not; ticks come and go. */
export async function leftovers(place: Place): Promise<string[]> {
  const { workers, runners, programs, others } = place.processes()
  const state = join(place.directory, '.queue')
  // The plan of the schedule is kept on purpose.
  const files = existsSync(state) ? readdirSync(state).filter((name) => !name.startsWith('plan-')) : []
  const rows = await place.db.all<{ id: number }>('SELECT id FROM worker')
  return [
    ...[...workers, ...runners, ...programs, ...others].map(({ pid, command }) => `process ${pid}: ${command}`),
    ...files.map((name) => `file ${name}`),
    ...(await inputs(place, state)).map((path) => `input ${path}`),
    ...rows.map(({ id }) => `row ${id} of worker`),
  ]
}

async function inputs({ db }: Place, state: string): Promise<string[]> {
  const [last] = await db.all<{ id: number | null }>(
    'SELECT MAX(worker_id) AS id FROM (SELECT worker_id FROM queue UNION ALL SELECT worker_id FROM attempt) AS known',
  )
  const installation = await installationName(db)
  const paths: string[] = []
  for (let worker = 1; worker <= Number(last?.id ?? 0); worker++) {
    const directory = workerDirectoryPath(state, installation, worker)
    for (let slot = 0; slot < CONCURRENCY; slot++) paths.push(inputInMemory(directory, slot))
  }
  return paths.filter((path) => existsSync(path))
}

async function readTasks(place: Place): Promise<Task[]> {
  const rows = await place.db.all<Columns>(
    `SELECT id, status, param, shard_key, max_attempts, retry, log_file, log_offset, log_bytes FROM queue ORDER BY id`,
  )
  return rows.map((row) => ({
    id: Number(row.id),
    status: statusName(Number(row.status)) as Task['status'],
    key: row.shard_key === null ? null : String(row.shard_key),
    maxAttempts: attemptsOf(
      delaysOf(row.retry === null ? null : String(row.retry), RETRY),
      row.max_attempts === null ? null : Number(row.max_attempts),
    ),
    outputIsExact: outputIsExact(place, row),
  }))
}

/** Only the output of a program that came to its end is known. */
function outputIsExact(place: Place, row: Columns): boolean {
  const written = Number(String(row.param).split(' ')[2] ?? 0)
  if (statusName(Number(row.status)) !== 'done') return true
  if (row.log_file === null) return written === 0
  if (Number(row.log_bytes) !== written) return false
  const fd = openSync(join(place.directory, 'logs', String(row.log_file)), 'r')
  try {
    const bytes = Buffer.alloc(written)
    readSync(fd, bytes, 0, written, Number(row.log_offset))
    return bytes.toString('latin1') === bytesOfSeq(written)
  } finally {
    closeSync(fd)
  }
}

async function readAttempts({ db }: Place): Promise<Attempt[]> {
  const rows = await db.all<Columns>('SELECT task_id, outcome, exit_code FROM attempt ORDER BY id')
  return rows.map((row) => ({
    taskId: Number(row.task_id),
    outcome: String(row.outcome),
    exitCode: row.exit_code === null ? null : Number(row.exit_code),
  }))
}
