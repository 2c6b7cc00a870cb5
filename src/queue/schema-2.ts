/**
 * Version 2: what rescue, order and stopping need.
 *
 * `lane` is the `shard_key` of a task that is in the way of the later ones of its key: ready, running, held, or scheduled after
 * it was tried. With its index, "is an earlier task of this key still open?" costs the same whatever the key's history. It is
 * computed, so no producer and no UPDATE by hand can forget it; adding it changes no row.
 */

const ASCII = 'CHARACTER SET ascii COLLATE ascii_bin'
const LANE = `CASE WHEN status IN (0, 2, 6)
                     OR (status = 4 AND (attempts > 0 OR crashes > 0 OR started_at IS NOT NULL)) THEN shard_key END`

export const mysqlVersion2 = [
  `ALTER TABLE queue
     ADD COLUMN cancel_at TIMESTAMP(3) NULL DEFAULT NULL,
     ADD COLUMN crashes TINYINT UNSIGNED NOT NULL DEFAULT 0`,
  `ALTER TABLE queue ADD COLUMN lane VARCHAR(255) GENERATED ALWAYS AS (${LANE}) VIRTUAL`,
  'ALTER TABLE queue ADD KEY queue_lane (lane, queue, id)',
  `ALTER TABLE worker
     ADD COLUMN job VARCHAR(64) ${ASCII} NULL DEFAULT NULL,
     ADD COLUMN state_directory VARCHAR(1024) NOT NULL DEFAULT '',
     ADD COLUMN retry VARCHAR(255) ${ASCII} NOT NULL DEFAULT '',
     ADD COLUMN crash VARCHAR(8) ${ASCII} NOT NULL DEFAULT 'retry',
     ADD COLUMN timeout_ms BIGINT UNSIGNED NULL DEFAULT NULL,
     ADD COLUMN drain_at TIMESTAMP(3) NULL DEFAULT NULL`,
  `ALTER TABLE setting MODIFY COLUMN name VARCHAR(400) ${ASCII} NOT NULL`,
]

export const sqliteVersion2 = [
  'ALTER TABLE queue ADD COLUMN cancel_at INTEGER',
  'ALTER TABLE queue ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0',
  `ALTER TABLE queue ADD COLUMN lane TEXT GENERATED ALWAYS AS (${LANE}) VIRTUAL`,
  'CREATE INDEX queue_lane ON queue (lane, queue, id) WHERE lane IS NOT NULL',
  'ALTER TABLE worker ADD COLUMN job TEXT',
  "ALTER TABLE worker ADD COLUMN state_directory TEXT NOT NULL DEFAULT ''",
  "ALTER TABLE worker ADD COLUMN retry TEXT NOT NULL DEFAULT ''",
  "ALTER TABLE worker ADD COLUMN crash TEXT NOT NULL DEFAULT 'retry'",
  'ALTER TABLE worker ADD COLUMN timeout_ms INTEGER',
  'ALTER TABLE worker ADD COLUMN drain_at INTEGER',
]
