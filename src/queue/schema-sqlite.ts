/**
 * The first tables for SQLite: the same columns as in MySQL, times as integer milliseconds UTC.
 *
 * Its indexes are partial, one per state that is searched, and are used only by statements that spell the number of
 * the state out. SQLite has no CRC32: a plain INSERT that gives a `shard_key` gives its `bucket` too (add-task and the
 * library do).
 */

const NOW = "(CAST(unixepoch('subsec') * 1000 AS INTEGER))"

/** Where an attempt's output stands and how it ended: the same columns in `queue` (the last one) and `attempt`. */
const ENDING = `
  exit_code    INTEGER,
  exit_signal  TEXT,
  error        TEXT,
  log_file     TEXT,
  log_offset   INTEGER,
  log_bytes    INTEGER,
  cpu_ms       INTEGER,
  started_at   INTEGER,
  finished_at  INTEGER`

export const sqliteTables = [
  `CREATE TABLE IF NOT EXISTS queue (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  queue        TEXT NOT NULL DEFAULT 'default' CHECK (length(queue) <= 64),
  task         TEXT NOT NULL CHECK (length(task) <= 128),
  param        TEXT NOT NULL DEFAULT '' CHECK (octet_length(param) <= 65535),
  status       INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 6),
  priority     INTEGER NOT NULL DEFAULT 0,
  shard_key    TEXT,
  bucket       INTEGER NOT NULL DEFAULT (abs(random() % 60)) CHECK (bucket BETWEEN 0 AND 59),
  run_at       INTEGER NOT NULL DEFAULT ${NOW},
  expires_at   INTEGER,
  attempts     INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER,
  retry        TEXT,
  timeout_s    INTEGER,
  unique_key   TEXT,
  keep_unique  INTEGER NOT NULL DEFAULT 0,
  claim_token  INTEGER,
  worker_id    INTEGER,
  ctime        INTEGER NOT NULL DEFAULT ${NOW},
  mtime        INTEGER NOT NULL DEFAULT ${NOW},${ENDING}
) STRICT`,
  'CREATE INDEX IF NOT EXISTS queue_claim ON queue (queue, bucket, priority, id) WHERE status = 0',
  'CREATE INDEX IF NOT EXISTS queue_running ON queue (worker_id) WHERE status = 2',
  'CREATE INDEX IF NOT EXISTS queue_promote ON queue (run_at) WHERE status = 4',
  'CREATE INDEX IF NOT EXISTS queue_done ON queue (finished_at) WHERE status = 1',
  'CREATE INDEX IF NOT EXISTS queue_failed ON queue (finished_at) WHERE status = 3',
  'CREATE INDEX IF NOT EXISTS queue_cancelled ON queue (finished_at) WHERE status = 5',
  'CREATE UNIQUE INDEX IF NOT EXISTS queue_unique ON queue (unique_key) WHERE unique_key IS NOT NULL',

  `CREATE TABLE IF NOT EXISTS attempt (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id      INTEGER NOT NULL,
  attempt      INTEGER NOT NULL,
  claim_token  INTEGER NOT NULL,
  worker_id    INTEGER,
  outcome      TEXT NOT NULL,${ENDING},
  UNIQUE (task_id, claim_token)
) STRICT`,

  `CREATE TABLE IF NOT EXISTS worker (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  queue        TEXT NOT NULL,
  total        INTEGER NOT NULL,
  shard        INTEGER NOT NULL,
  seat         TEXT UNIQUE,
  host         TEXT NOT NULL,
  boot_id      TEXT NOT NULL,
  pid          INTEGER NOT NULL,
  pid_start    INTEGER NOT NULL,
  started_at   INTEGER NOT NULL DEFAULT ${NOW},
  beat_at      INTEGER NOT NULL DEFAULT ${NOW},
  lease_until  INTEGER NOT NULL DEFAULT ${NOW}
) STRICT`,

  `CREATE TABLE IF NOT EXISTS slot (
  job          TEXT NOT NULL,
  slot_at      INTEGER NOT NULL,
  place        TEXT NOT NULL DEFAULT '',
  verdict      TEXT NOT NULL,
  reason       TEXT NOT NULL DEFAULT '',
  host         TEXT NOT NULL,
  ctime        INTEGER NOT NULL DEFAULT ${NOW},
  mtime        INTEGER NOT NULL DEFAULT ${NOW},
  PRIMARY KEY (job, slot_at, place)
) STRICT`,
  'CREATE INDEX IF NOT EXISTS slot_at ON slot (slot_at)',

  `CREATE TABLE IF NOT EXISTS setting (
  name         TEXT PRIMARY KEY,
  value        TEXT NOT NULL,
  mtime        INTEGER NOT NULL DEFAULT ${NOW}
) STRICT`,
]
