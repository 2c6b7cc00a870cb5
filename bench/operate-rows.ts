/**
 * A queue as it is after a busy fortnight: a million finished tasks, a hundred thousand that are ready, ten thousand that failed,
 * and what all of them added up to. The database makes the rows itself; sent one by one they would take minutes.
 */
import type { Driver } from '../src/queue/driver.ts'

export const DONE = 1_000_000
export const READY = 100_000
export const FAILED = 10_000
/** What a task printed, one behind the other. */
export const OUTPUT_BYTES = 80
/** A file that is an output of its own: the lines of a day file would have to name each task. */
export const LOG = 'outputs.out'

const ROWS_AT_ONCE = 100_000
const DAY_MS = 86_400_000
const QUEUES = ['mail', 'mail', 'default', 'orders']
const TASKS = ['send-msg', 'send-msg', 'sync-order', 'notify-payment', 'thumbnail']
const ERRORS = ['exit code 1: connection timed out', 'exit code 1: no such customer', 'ended by SIGSEGV']
const MINUTES_KEPT = 170
const HOURS_KEPT = 14 * 24
const CLASSES = 20

export async function fill(db: Driver): Promise<void> {
  await fillDone(db)
  await fillFailed(db)
  await fillReady(db)
  await fillTally(db)
}

async function fillDone(db: Driver): Promise<void> {
  const { fromNow } = db.dialect
  const ago = `(seq - ${DONE}) * ${Math.floor((14 * DAY_MS) / DONE)}`
  await insert(
    db,
    DONE,
    `INSERT INTO queue (id, queue, task, param, status, attempts, claim_token, exit_code, cpu_ms, log_file, log_offset, log_bytes,
                        ctime, run_at, started_at, finished_at)
     SELECT seq + 1, ${oneOf(QUEUES)}, ${oneOf(TASKS)}, CONCAT('uid=', seq % 5000, '&n=', seq), 1, 1, seq, 0, 20,
            '${LOG}', (seq % 1000) * ${OUTPUT_BYTES}, ${OUTPUT_BYTES},
            ${fromNow(`${ago} - 10000`)}, ${fromNow(`${ago} - 10000`)}, ${fromNow(`${ago} - 50`)}, ${fromNow(ago)}`,
  )
}

async function fillFailed(db: Driver): Promise<void> {
  const { fromNow } = db.dialect
  const ago = `(seq - ${FAILED}) * ${Math.floor((3 * DAY_MS) / FAILED)}`
  await insert(
    db,
    FAILED,
    `INSERT INTO queue (id, queue, task, param, status, attempts, claim_token, exit_code, error, ctime, run_at, started_at, finished_at)
     SELECT ${DONE} + seq + 1, ${oneOf(QUEUES)}, ${oneOf(TASKS)}, CONCAT('uid=', seq % 5000), 3, 4, seq, 1, ${oneOf(ERRORS)},
            ${fromNow(`${ago} - 10000`)}, ${fromNow(`${ago} - 10000`)}, ${fromNow(`${ago} - 1000`)}, ${fromNow(ago)}`,
  )
  await db.transaction(
    (tx) =>
      tx.run(
        `INSERT INTO attempt (task_id, attempt, claim_token, outcome, exit_code, error, started_at, finished_at)
         SELECT id, 4, claim_token, 'exit', 1, error, started_at, finished_at FROM queue WHERE status = 3`,
      ),
    { slow: true },
  )
}

async function fillReady(db: Driver): Promise<void> {
  const ago = db.dialect.fromNow(`(seq - ${READY}) * 20`)
  await insert(
    db,
    READY,
    `INSERT INTO queue (id, queue, task, param, priority, shard_key, bucket, ctime, run_at)
     SELECT ${DONE + FAILED} + seq + 1, ${oneOf(QUEUES)}, ${oneOf(TASKS)}, CONCAT('uid=', seq % 5000), CASE WHEN seq % 50 = 0 THEN -5 ELSE 0 END,
            CASE WHEN seq % 10 = 0 THEN CONCAT('customer-', seq % 977) END, seq * 7 % 60, ${ago}, ${ago}`,
  )
}

async function fillTally(db: Driver): Promise<void> {
  const { thisMinute, fromMs, asMs } = db.dialect
  const rows = (minutes: number, spans: number) =>
    insert(
      db,
      spans * TASKS.length * 3 * CLASSES,
      `INSERT INTO tally (minutes, start_at, queue, task, ending, duration, attempts, ran_ms, cpu_ms, output_bytes)
       SELECT ${minutes}, ${fromMs(`${asMs(thisMinute)} - ${minutes === 1 ? 0 : 180 * 60_000} - FLOOR(seq / ${TASKS.length * 3 * CLASSES}) * ${minutes * 60_000}`)},
              ${oneOf(['mail', 'default', 'orders'], `FLOOR(seq / ${TASKS.length * CLASSES})`)},
              CONCAT(${oneOf(TASKS, `FLOOR(seq / ${CLASSES})`)}, FLOOR(seq / ${CLASSES}) % ${TASKS.length}),
              CASE WHEN seq % ${CLASSES} = 0 THEN 'failed' ELSE 'done' END, 40 + seq % ${CLASSES}, ${minutes * 5}, 1000, 300, 400`,
    )
  await rows(1, MINUTES_KEPT)
  await rows(60, HOURS_KEPT)
  await db.run(
    `INSERT INTO tally (minutes, start_at, queue, task, ending, duration, attempts, ran_ms, cpu_ms, output_bytes)
     SELECT 0, ${fromMs('1000')}, queue, task, ending, duration,
            SUM(attempts), SUM(ran_ms), SUM(cpu_ms), SUM(output_bytes)
       FROM tally AS kept GROUP BY queue, task, ending, duration`,
  )
}

/** @param insertSelect  its rows are numbered by `seq`, from 0 on */
async function insert(db: Driver, count: number, insertSelect: string): Promise<void> {
  for (let start = 0; start < count; start += ROWS_AT_ONCE) {
    const rows = Math.min(ROWS_AT_ONCE, count - start)
    await db.transaction((tx) => tx.run(`${insertSelect} FROM ${numbers(start)} WHERE seq < ${start + rows}`), {
      slow: true,
    })
  }
}

/** The hundred thousand numbers from `start` on, as every database can make them. */
function numbers(start: number): string {
  const digits = 'SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9' // biome-ignore format: one line
  const places = [10_000, 1_000, 100, 10, 1]
  const sum = places.map((place, i) => `p${i}.d * ${place}`).join(' + ')
  const tables = places.map((_, i) => `(${digits}) AS p${i}`).join(' CROSS JOIN ')
  return `(SELECT ${start} + ${sum} AS seq FROM ${tables}) AS numbers`
}

function oneOf(words: readonly string[], number = 'seq'): string {
  return `CASE ${number} % ${words.length} ${words.map((word, i) => `WHEN ${i} THEN '${word}'`).join(' ')} END`
}
