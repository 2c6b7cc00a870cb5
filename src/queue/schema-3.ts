/**
 * Version 3: what the schedule must remember beyond a verdict.
 *
 * A slot that a later tick has something to do with is open: it waits, it was being started by a tick that died, or what
 * it started has not ended. `job` says since when a job has been due as it is now, so that nothing from before is made up for.
 */

const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC'
const ASCII = 'CHARACTER SET ascii COLLATE ascii_bin'

export const mysqlVersion3 = [
  `ALTER TABLE slot
     ADD COLUMN is_open TINYINT UNSIGNED NOT NULL DEFAULT 0,
     ADD COLUMN cause VARCHAR(16) ${ASCII} NULL DEFAULT NULL,
     ADD COLUMN boot_id VARCHAR(64) ${ASCII} NOT NULL DEFAULT '',
     ADD COLUMN pid INT UNSIGNED NOT NULL DEFAULT 0,
     ADD COLUMN pid_start BIGINT UNSIGNED NOT NULL DEFAULT 0,
     ADD COLUMN task_id BIGINT UNSIGNED NULL DEFAULT NULL,
     ADD COLUMN outcome VARCHAR(16) ${ASCII} NULL DEFAULT NULL,
     ADD COLUMN exit_code SMALLINT NULL DEFAULT NULL,
     ADD COLUMN exit_signal VARCHAR(16) ${ASCII} NULL DEFAULT NULL,
     ADD COLUMN ended_at TIMESTAMP(3) NULL DEFAULT NULL`,
  'ALTER TABLE slot ADD KEY slot_open (is_open, job)',
  `CREATE TABLE IF NOT EXISTS job (
  job          VARCHAR(64) ${ASCII} NOT NULL,
  meaning      VARCHAR(64) ${ASCII} NOT NULL,
  since        TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (job)
) ${TABLE}`,
]

export const sqliteVersion3 = [
  'ALTER TABLE slot ADD COLUMN is_open INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE slot ADD COLUMN cause TEXT',
  "ALTER TABLE slot ADD COLUMN boot_id TEXT NOT NULL DEFAULT ''",
  'ALTER TABLE slot ADD COLUMN pid INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE slot ADD COLUMN pid_start INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE slot ADD COLUMN task_id INTEGER',
  'ALTER TABLE slot ADD COLUMN outcome TEXT',
  'ALTER TABLE slot ADD COLUMN exit_code INTEGER',
  'ALTER TABLE slot ADD COLUMN exit_signal TEXT',
  'ALTER TABLE slot ADD COLUMN ended_at INTEGER',
  'CREATE INDEX slot_open ON slot (job) WHERE is_open = 1',
  `CREATE TABLE job (
  job          TEXT PRIMARY KEY,
  meaning      TEXT NOT NULL,
  since        INTEGER NOT NULL
) STRICT`,
]
