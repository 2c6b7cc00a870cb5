/**
 * The first tables for MySQL and MariaDB.
 *
 * Every column of `queue` but `task` has a default, so `INSERT INTO queue (task, param) VALUES (…)` from any language is
 * a complete producer. Times are TIMESTAMP(3): right whatever the session's time zone is.
 */

const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC'
const ASCII = 'CHARACTER SET ascii COLLATE ascii_bin'

/** Where an attempt's output stands and how it ended: the same columns in `queue` (the last one) and `attempt`. */
const ENDING = `
  exit_code    SMALLINT NULL DEFAULT NULL,
  exit_signal  VARCHAR(16) ${ASCII} NULL DEFAULT NULL,
  error        VARCHAR(1024) NULL DEFAULT NULL,
  log_file     VARCHAR(255) NULL DEFAULT NULL,
  log_offset   BIGINT UNSIGNED NULL DEFAULT NULL,
  log_bytes    BIGINT UNSIGNED NULL DEFAULT NULL,
  cpu_ms       INT UNSIGNED NULL DEFAULT NULL,
  started_at   TIMESTAMP(3) NULL DEFAULT NULL,
  finished_at  TIMESTAMP(3) NULL DEFAULT NULL,`

export const mysqlTables = [
  `CREATE TABLE IF NOT EXISTS queue (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  queue        VARCHAR(64) ${ASCII} NOT NULL DEFAULT 'default',
  task         VARCHAR(128) NOT NULL,
  param        TEXT NOT NULL DEFAULT (''),
  status       TINYINT UNSIGNED NOT NULL DEFAULT 0,
  priority     SMALLINT NOT NULL DEFAULT 0,
  shard_key    VARCHAR(255) NULL DEFAULT NULL,
  bucket       TINYINT UNSIGNED NOT NULL DEFAULT (CASE WHEN shard_key IS NULL THEN FLOOR(RAND() * 60) ELSE MOD(CRC32(shard_key), 60) END),
  run_at       TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  expires_at   TIMESTAMP(3) NULL DEFAULT NULL,
  attempts     SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  max_attempts SMALLINT UNSIGNED NULL DEFAULT NULL,
  retry        VARCHAR(255) ${ASCII} NULL DEFAULT NULL,
  timeout_s    INT UNSIGNED NULL DEFAULT NULL,
  unique_key   VARCHAR(255) NULL DEFAULT NULL,
  keep_unique  TINYINT UNSIGNED NOT NULL DEFAULT 0,
  claim_token  BIGINT UNSIGNED NULL DEFAULT NULL,
  worker_id    BIGINT UNSIGNED NULL DEFAULT NULL,${ENDING}
  ctime        TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  mtime        TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY queue_claim (queue, status, bucket, priority, id),
  KEY queue_promote (status, run_at),
  KEY queue_finished (finished_at),
  UNIQUE KEY queue_unique (unique_key)
) ${TABLE}`,

  `CREATE TABLE IF NOT EXISTS attempt (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  task_id      BIGINT UNSIGNED NOT NULL,
  attempt      SMALLINT UNSIGNED NOT NULL,
  claim_token  BIGINT UNSIGNED NOT NULL,
  worker_id    BIGINT UNSIGNED NULL DEFAULT NULL,
  outcome      VARCHAR(16) ${ASCII} NOT NULL,${ENDING}
  PRIMARY KEY (id),
  UNIQUE KEY attempt_claim (task_id, claim_token)
) ${TABLE}`,

  `CREATE TABLE IF NOT EXISTS worker (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  queue        VARCHAR(64) ${ASCII} NOT NULL,
  total        TINYINT UNSIGNED NOT NULL,
  shard        TINYINT UNSIGNED NOT NULL,
  seat         VARCHAR(80) ${ASCII} NULL DEFAULT NULL,
  host         VARCHAR(255) NOT NULL,
  boot_id      VARCHAR(64) ${ASCII} NOT NULL,
  pid          INT UNSIGNED NOT NULL,
  pid_start    BIGINT UNSIGNED NOT NULL,
  started_at   TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  beat_at      TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  lease_until  TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  UNIQUE KEY worker_seat (seat)
) ${TABLE}`,

  `CREATE TABLE IF NOT EXISTS slot (
  job          VARCHAR(64) ${ASCII} NOT NULL,
  slot_at      TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  place        VARCHAR(255) NOT NULL DEFAULT '',
  verdict      VARCHAR(16) ${ASCII} NOT NULL,
  reason       VARCHAR(255) NOT NULL DEFAULT '',
  host         VARCHAR(255) NOT NULL,
  ctime        TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  mtime        TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (job, slot_at, place),
  KEY slot_at (slot_at)
) ${TABLE}`,

  `CREATE TABLE IF NOT EXISTS setting (
  name         VARCHAR(64) ${ASCII} NOT NULL,
  value        TEXT NOT NULL,
  mtime        TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (name)
) ${TABLE}`,
]
