/** Which tests produce the sentences that take a stage of their own, and what only reads like a sentence of an error. */

/** By file of `test/`, which quotes them: how they begin in docs/errors.md. */
export const QUOTED: Readonly<Record<string, readonly string[]>> = {
  'recipes/old-queue-table.test.ts': [
    'Somebody has set … of the rows to 1 meanwhile',
    'Somebody keeps the table queue in use',
  ],
  'bin/cron-mission-daemon.test.ts': ['A daemon for … runs on this host already', 'The workers of job "…" end soon'],
  'bin/cron-mission-import.test.ts': ['These lines are of …', '…: Left out. …'],
  'bin/exec-surroundings.test.ts': ['QUEUE_EXEC is not what a tick gives'],
  'bin/cron-mission-install.test.ts': [
    'There is no program "crontab" on this machine.',
    'The crontab cannot be …',
    'The crontab was changed by somebody else',
  ],
  'bin/cron-mission-list.test.ts': ['The last tick on … was … ago'],
  'bin/cron-mission-backfill-answers.test.ts': ['Nothing is begun for now: ….'],
  'bin/cron-mission-run.test.ts': ['It goes on without this command', 'They go on without this command'],
  'bin/do-queue-output.test.ts': ['The disk of the log directory … is full.'],
  'bin/node-version.test.ts': ['This is Node …'],
  'bin/do-queue-refusals.test.ts': ['… Waiting for it.', 'The queue tables of … are not what they were'],
  'bin/do-queue-per-key.test.ts': ['Queue "…" is worked …'],
  'bin/do-queue-shards.test.ts': ['Shard … of queue "…" is being worked on by'],
  'bin/queuectl-logs.test.ts': [
    'Task … was never started',
    'Task … had no attempt …',
    'Task … runs on …, and until it ends',
    'The file … does not have the output of task …',
    'The file …, which has this output, was compressed.',
    'The file …, which has this output, is not here',
  ],
  'bin/quiet-minute.test.ts': ['… read last, on ….'],
  'bin/stop-answers.test.ts': ['How the jobs stand is not known. …'],
  'bin/restart.test.ts': [
    'The job "…" is stopped: its workers leave',
    '… was not handed over within …: … does not answer.',
    '… was handed over, and within … no other',
    '… ended the restart.',
    '… was not replaced: a worker could not be started',
    '… was not replaced: the new worker …',
    'After …, shard … of queue "…" was not handed over',
  ],
  'bin/daemon-replace.test.ts': ['After …, the daemon for … (…) had not handed over.'],
  'bin/restart-versions.test.ts': [
    '…, the command of job "…" had not ended: …',
    'The command of job "…" has ended and is not at work again',
    '… No worker was replaced; a job that can be read may be named.',
  ],
  'bin/stop.test.ts': ['…, … had not left, with …'],
  'ctl/move/move-away.test.ts': ['This move is being taken back.'],
  'fault/database-server.test.ts': ['The database at … is read-only.'],
  'fault/database-sqlite.test.ts': ['The SQLite file … was locked', 'The SQLite file … was moved or removed'],
  'fault/tick-clocks.test.ts': [
    'The clock of this host is … ahead of',
    'The clock of this host is … behind',
    'The last tick was for …, which is to come',
  ],
  'queue/again.test.ts': ['The database does not answer', 'The database rolls back again and again'],
  'queue/mysql-errors.test.ts': ['A write was larger than the database', 'The database at … is too old'],
  'recipes/redis-list.test.ts': [
    'The package @redis/client is not installed.',
    'Redis … refuses (…).',
    'The key … of Redis … holds no list.',
    'The list … of Redis … is taken into another queue database.',
  ],
  'schedule/incident/settle-incidents.test.ts': [
    'The … of the job "…" could not be told: …. It is tried',
    'The … of the job "…" could not be told: …. It is given up.',
  ],
  'schedule/tick/tick.test.ts': ['The job "…" could not be started: ….'],
  'worker/outage.test.ts': ['The database has not answered for … minutes.'],
}

/** Answers, in files whose errors are made elsewhere. */
export const ANSWERS: readonly string[] = [
  'SELECT value FROM setting WHERE name = ?',
  'Write it?',
  'Ticks for … each minute, the first one now. Ctrl-C drains the workers and leaves.',
  'The line is there already; nothing is to be done.',
  'There is no line of cron-mission for ….',
  'This line runs the same ticks, by hand: …\nTwo ticks of a minute start nothing twice, but one is enough: remove it with "crontab -e".',
  'MAILTO is empty, so nobody hears of trouble but the logs: set it with "crontab -e".',
  '… left, one with exit code ….',
  'Job … added … for ….',
  'Job … is started for …: task …, …. "queuectl show …" tells how it goes; its output comes into ….',
  'Job … is started: …; …. They write to ….',
]
