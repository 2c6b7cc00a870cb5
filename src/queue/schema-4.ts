/**
 * Version 4: what operators need.
 *
 * `tally` has what ended, added up by the minute (and later by the hour): a few rows a minute, so that rates and durations
 * cost the same whatever the history; `minutes` is 1, 60, or 0 in the totals. `held_for` says which command holds a task, so that
 * only what it held is let go again.
 * `queue_added` finds what was added since a time; rows are added in its order, and no later write touches it.
 */

const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC'
const ASCII = 'CHARACTER SET ascii COLLATE ascii_bin'

export const mysqlVersion4 = [
  `ALTER TABLE queue ADD COLUMN held_for VARCHAR(80) ${ASCII} NULL DEFAULT NULL`,
  'ALTER TABLE queue ADD KEY queue_added (ctime)',
  `CREATE TABLE IF NOT EXISTS tally (
  minutes      SMALLINT UNSIGNED NOT NULL,
  start_at     TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  queue        VARCHAR(64) ${ASCII} NOT NULL,
  task         VARCHAR(128) NOT NULL,
  ending       VARCHAR(16) ${ASCII} NOT NULL,
  duration     TINYINT UNSIGNED NOT NULL,
  attempts     BIGINT UNSIGNED NOT NULL DEFAULT 0,
  ran_ms       BIGINT UNSIGNED NOT NULL DEFAULT 0,
  cpu_ms       BIGINT UNSIGNED NOT NULL DEFAULT 0,
  output_bytes BIGINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (minutes, start_at, queue, task, ending, duration)
) ${TABLE}`,
]

export const sqliteVersion4 = [
  'ALTER TABLE queue ADD COLUMN held_for TEXT',
  'CREATE INDEX IF NOT EXISTS queue_held ON queue (queue) WHERE status = 6',
  'CREATE INDEX IF NOT EXISTS queue_scheduled ON queue (queue) WHERE status = 4',
  'CREATE INDEX IF NOT EXISTS queue_failures ON queue (queue) WHERE status = 3',
  'CREATE INDEX IF NOT EXISTS queue_added ON queue (ctime)',
  `CREATE TABLE IF NOT EXISTS tally (
  minutes      INTEGER NOT NULL,
  start_at     INTEGER NOT NULL,
  queue        TEXT NOT NULL,
  task         TEXT NOT NULL,
  ending       TEXT NOT NULL,
  duration     INTEGER NOT NULL,
  attempts     INTEGER NOT NULL DEFAULT 0,
  ran_ms       INTEGER NOT NULL DEFAULT 0,
  cpu_ms       INTEGER NOT NULL DEFAULT 0,
  output_bytes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (minutes, start_at, queue, task, ending, duration)
) STRICT, WITHOUT ROWID`,
]
