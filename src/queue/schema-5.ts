/**
 * Version 5: keys that take turns.
 *
 * `ready_key` is the `shard_key` of a ready task, computed, so that no producer can forget it. Its index tells which keys have
 * something ready, one step each whatever stands behind it, and what comes first in each; tasks without a key never move in it.
 * `per_key` is how many tasks of one key a worker lets run at once; NULL where keys are lanes.
 */

const READY_KEY = 'CASE WHEN status = 0 THEN shard_key END'

export const mysqlVersion5 = [
  `ALTER TABLE queue ADD COLUMN ready_key VARCHAR(255) GENERATED ALWAYS AS (${READY_KEY}) VIRTUAL`,
  'ALTER TABLE queue ADD KEY queue_share (queue, ready_key, priority, id)',
  'ALTER TABLE worker ADD COLUMN per_key SMALLINT UNSIGNED NULL DEFAULT NULL',
]

export const sqliteVersion5 = [
  `ALTER TABLE queue ADD COLUMN ready_key TEXT GENERATED ALWAYS AS (${READY_KEY}) VIRTUAL`,
  'CREATE INDEX IF NOT EXISTS queue_share ON queue (queue, ready_key, priority, id) WHERE ready_key IS NOT NULL',
  'ALTER TABLE worker ADD COLUMN per_key INTEGER',
]
