/**
 * What `do-queue` can be told: for its command line, its help, the manual and the completion of shells.
 */
import { COMMON_FLAGS } from '../flags.ts'
import { type DeclaredCommand, TEXT } from '../verb.ts'

export const DEFAULT_BATCH = 500

export const DO_QUEUE_FLAGS = {
  queue: { ...TEXT, alias: 'q', describe: 'Queue to work on [default: default]' },
  total: { ...TEXT, describe: 'Into how many shards the queue is divided, 1 to 60 [default: 1]' },
  shard: { ...TEXT, describe: 'Which of them are ours: 3, 0-3, 0,2 or all [default: all]' },
  concurrency: { ...TEXT, alias: 'c', describe: 'Programs at once [default: one per shard]' },
  batch: { ...TEXT, describe: `Rows claimed at once, at most [default: ${DEFAULT_BATCH}]` },
  'per-key': { ...TEXT, describe: 'Tasks of one key at once, 1 to 1000; keys take turns, and their order is not kept' },
  limit: { ...TEXT, describe: 'Leave after this many tasks' },
  'max-time': { ...TEXT, describe: 'Claim no more after this long, such as 50s' },
  watch: { type: 'boolean', describe: 'Stay when empty, and start what comes at once' },
  timeout: { ...TEXT, describe: 'Stop a program after this long, unless its row says otherwise' },
  grace: { ...TEXT, describe: 'Between asking a program to stop and killing it [default: 10s]' },
  retry: { ...TEXT, describe: 'Delays between attempts, unless the row says otherwise [default: 1m,5m,30m]' },
  warm: { type: 'boolean', describe: 'Let one process of a program serve many tasks, whatever its name' },
  'warm-tasks': { ...TEXT, describe: 'Replace a warm program after this many tasks [default: 1000]' },
  'warm-age': { ...TEXT, describe: 'Replace a warm program that is older than this [default: 1h]' },
  'warm-memory': { ...TEXT, describe: 'Replace a warm program that is larger than this [default: 256M]' },
  crash: {
    ...TEXT,
    describe: 'What becomes of a task whose attempt vanished: retry, hold or fail [default: retry]',
  },
  task: { ...TEXT, describe: 'Only this task' },
  since: { ...TEXT, describe: 'Only rows added at or after this time (or so long ago)' },
  until: { ...TEXT, describe: 'Only rows added before this time (or so long ago)' },
  'from-id': { ...TEXT, describe: 'Only rows from this id' },
  'to-id': { ...TEXT, describe: 'Only rows up to this id' },
  nice: { ...TEXT, describe: 'Priority of the worker and its programs, -20 to 19; higher is humbler' },
  job: { ...TEXT, describe: 'The job of schedule.ts it is started for; the tick gives it' },
  slot: { ...TEXT, describe: 'The minute of the schedule it is started for; the tick gives it' },
  place: { ...TEXT, describe: 'Where the ledger has that minute; the tick gives it' },
  exec: { ...TEXT, describe: 'Run this for every task: a JSON list of words; the tick gives it' },
  replace: { type: 'boolean', describe: 'Take the place of the workers that have its shards; their programs run on' },
  'dry-run': { type: 'boolean', describe: 'Show what would be run, and run nothing' },
  fail: { type: 'boolean', describe: 'Exit 1 when a task failed' },
  quiet: { type: 'boolean', describe: 'Print nothing but errors' },
  json: { type: 'boolean', describe: 'Print the summary as JSON' },
  'log-format': { ...TEXT, describe: 'Of its log: text or json [default: text]' },
  ...COMMON_FLAGS,
} as const

export const DO_QUEUE: DeclaredCommand = {
  name: 'do-queue',
  purpose: 'Works shard I of N of a queue until it is empty, one program per task.',
  verbs: [],
  unnamed: {
    usage: '$0 [--total N --shard I]',
    describe: 'Works shard I of N of a queue until it is empty, one program per task.',
    more: 'It claims tasks of its shard, runs their programs, books how each ended, and leaves when nothing is left. Of a shard there is one worker at a time; several shards share the work of a queue. A program with .warm in its name, or any with --warm, stays and is told its tasks one after the other: see docs/warm-programs.md. The first SIGTERM or Ctrl-C claims no more, gives back what was not started and lets programs finish; the second, or the end of --grace, stops them, and their tasks are run again; the third leaves at once. --task, --since, --until and the ids narrow what it works, for a backfill by hand.',
    options: DO_QUEUE_FLAGS,
    examples: [
      ['$0', 'empty the queue, one program at a time'],
      ['$0 --total 4 --shard 1', 'the second of four workers'],
      ['$0 --total 4 --shard all', 'four shards in one process, four programs at once'],
      ['$0 --queue mail --warm', 'one process of each program for many tasks'],
      ['$0 --task sync-order --since 2026-11-01 --dry-run', 'what a backfill by hand would run'],
    ],
    exits: [
      [0, 'its part of the queue is empty, or it was asked to leave'],
      [1, 'with --fail: a task failed'],
      [75, 'its shard is being worked on by another worker, or its queue is paused'],
    ],
  },
  options: {},
}
