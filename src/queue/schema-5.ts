/**
 * Version 5: keys that take turns, and fewer moves in indexes.
 *
 * `ready_key` is the `shard_key` of a ready task, computed, so that no producer can forget it. Its index tells which keys of a
 * bucket have something ready, and what comes first in each; tasks without a key never move in it.
 * `per_key` is how many tasks of one key a worker lets run at once; NULL where keys are lanes. `leave_how` is what a worker that
 * is asked to leave does with its programs: see `leave-how.ts`.
 *
 * `is_scheduled` is 1 for a scheduled task and NULL for others, so that its index tells what is due next, and a task that goes from
 * ready over running to done never moves in it. On MySQL the claim index begins with the state: it finds what is in a state in all
 * queues, too, and is the only one that moves at every change of it. What is computed is a number and not a time: that would
 * depend on the time zone of whoever writes.
 */

const READY_KEY = 'CASE WHEN status = 0 THEN shard_key END'
const IS_SCHEDULED = 'CASE WHEN status = 4 THEN 1 END'

/** All indexes are made in one statement, which reads the table once; it is done as a whole or not at all. */
export const mysqlVersion5 = [
  `ALTER TABLE queue ADD COLUMN ready_key VARCHAR(255) GENERATED ALWAYS AS (${READY_KEY}) VIRTUAL`,
  `ALTER TABLE queue ADD COLUMN is_scheduled TINYINT UNSIGNED GENERATED ALWAYS AS (${IS_SCHEDULED}) VIRTUAL`,
  `ALTER TABLE queue
     ADD KEY queue_share (queue, bucket, ready_key, priority, id),
     ADD KEY queue_due (is_scheduled, run_at),
     DROP KEY queue_claim,
     ADD KEY queue_claim (status, queue, bucket, priority, id)`,
  'ALTER TABLE queue DROP KEY queue_promote',
  `ALTER TABLE worker
     ADD COLUMN per_key SMALLINT UNSIGNED NULL DEFAULT NULL,
     ADD COLUMN leave_how TINYINT UNSIGNED NULL DEFAULT NULL`,
]

export const sqliteVersion5 = [
  `ALTER TABLE queue ADD COLUMN ready_key TEXT GENERATED ALWAYS AS (${READY_KEY}) VIRTUAL`,
  `ALTER TABLE queue ADD COLUMN is_scheduled INTEGER GENERATED ALWAYS AS (${IS_SCHEDULED}) VIRTUAL`,
  'CREATE INDEX IF NOT EXISTS queue_share ON queue (queue, bucket, ready_key, priority, id) WHERE ready_key IS NOT NULL',
  'CREATE INDEX IF NOT EXISTS queue_due ON queue (is_scheduled, run_at) WHERE is_scheduled IS NOT NULL',
  'DROP INDEX IF EXISTS queue_promote',
  'ALTER TABLE worker ADD COLUMN per_key INTEGER',
  'ALTER TABLE worker ADD COLUMN leave_how INTEGER',
]
