/**
 * The command line of `do-queue`, as a plan: every flag checked, every default filled in.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { checkQueueName } from '../../queue/new-task.ts'
import type { TaskFilter } from '../../queue/store/filter.ts'
import { COMMON_FLAGS, commandLine, durationFlag, pastTimeFlag, wholeNumber } from '../flags.ts'
import { readSettings, type Settings } from '../settings.ts'
import { parseShards } from '../shards.ts'

const DEFAULT_BATCH = 250
const MOST_CONCURRENCY = 1_000

export interface Plan {
  readonly settings: Settings
  readonly queue: string
  readonly total: number
  readonly shards: readonly number[]
  readonly concurrency: number | undefined
  readonly batch: number
  readonly limit: number | undefined
  readonly maxTimeMs: number | undefined
  readonly filter: TaskFilter
  readonly watch: boolean
  readonly dryRun: boolean
  readonly fail: boolean
  /** The job of schedule.ts that a tick started this worker for. */
  readonly job: string | null
  readonly print: 'text' | 'json' | 'nothing'
}

export async function readPlan(args: string[]): Promise<Plan> {
  const flags = await parse(args)
  const settings = readSettings(flags)
  checkQueueName(flags.queue)
  const now = Date.now()
  const total = wholeNumber('total', flags.total, 1, 60) ?? 1
  const filter = {
    task: flags.task,
    since: pastTimeFlag('since', flags.since, settings.timezone, now),
    until: pastTimeFlag('until', flags.until, settings.timezone, now),
    fromId: wholeNumber('from-id', flags['from-id'], 0, Number.MAX_SAFE_INTEGER),
    toId: wholeNumber('to-id', flags['to-id'], 0, Number.MAX_SAFE_INTEGER),
  }
  if (flags.total !== undefined && flags.shard === undefined && total > 1) {
    throw new Complaint(
      EXIT.usage,
      `--total is ${total} and --shard is missing. Give one of 0 to ${total - 1}, or all.`,
    )
  }
  return {
    settings,
    queue: flags.queue,
    total,
    shards: parseShards(flags.shard ?? 'all', total),
    concurrency: wholeNumber('concurrency', flags.concurrency, 1, MOST_CONCURRENCY),
    batch: wholeNumber('batch', flags.batch, 1, 1_000) ?? DEFAULT_BATCH,
    limit: wholeNumber('limit', flags.limit, 1, Number.MAX_SAFE_INTEGER),
    maxTimeMs: durationFlag('max-time', flags['max-time']),
    filter: Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)),
    watch: flags.watch === true,
    dryRun: flags['dry-run'] === true,
    fail: flags.fail === true,
    job: flags.job ?? null,
    print: flags.quiet === true ? 'nothing' : flags.json === true ? 'json' : 'text',
  }
}

function parse(args: string[]) {
  const text = { type: 'string', requiresArg: true } as const
  return commandLine('do-queue', args)
    .usage('$0 [--total N --shard I]\n\nWorks shard I of N of a queue until it is empty, one program per task.')
    .options({
      queue: { ...text, alias: 'q', default: 'default', describe: 'Queue to work on' },
      total: { ...text, describe: 'Into how many shards the queue is divided, 1 to 60 [default: 1]' },
      shard: { ...text, describe: 'Which of them are ours: 3, 0-3, 0,2 or all [default: all]' },
      concurrency: { ...text, alias: 'c', describe: 'Programs at once [default: one per shard]' },
      batch: { ...text, describe: `Rows claimed at once, at most [default: ${DEFAULT_BATCH}]` },
      limit: { ...text, describe: 'Leave after this many tasks' },
      'max-time': { ...text, describe: 'Claim no more after this long, such as 50s' },
      watch: { type: 'boolean', describe: 'Stay when empty, and look again every second' },
      timeout: { ...text, describe: 'Stop a program after this long, unless its row says otherwise' },
      grace: { ...text, describe: 'Between asking a program to stop and killing it [default: 10s]' },
      retry: { ...text, describe: 'Delays between attempts, unless the row says otherwise [default: 1m,5m,30m]' },
      crash: {
        ...text,
        describe: 'What becomes of a task whose attempt vanished: retry, hold or fail [default: retry]',
      },
      task: { ...text, describe: 'Only this task' },
      since: { ...text, describe: 'Only rows added at or after this time (or so long ago)' },
      until: { ...text, describe: 'Only rows added before this time (or so long ago)' },
      'from-id': { ...text, describe: 'Only rows from this id' },
      'to-id': { ...text, describe: 'Only rows up to this id' },
      job: { ...text, describe: 'The job of schedule.ts it is started for; the tick gives it' },
      'dry-run': { type: 'boolean', describe: 'Show what would be run, and run nothing' },
      fail: { type: 'boolean', describe: 'Exit 1 when a task failed' },
      quiet: { type: 'boolean', describe: 'Print nothing but errors' },
      json: { type: 'boolean', describe: 'Print the summary as JSON' },
      'log-format': { ...text, describe: 'text or json [default: text]' },
      ...COMMON_FLAGS,
    })
    .example('$0', 'empty the queue, one program at a time')
    .example('$0 --total 4 --shard 1', 'the second of four workers')
    .example('$0 --total 4 --shard all', 'four shards in one process, four programs at once')
    .example('$0 --task sync-order --since 2026-11-01 --dry-run', 'what a backfill by hand would run')
    .demandCommand(0, 0, '', 'do-queue takes flags only.')
    .parseAsync()
}
