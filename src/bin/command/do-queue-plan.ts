/**
 * The command line of `do-queue`, as a plan: every flag checked, every default filled in.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { execQueue, isExecQueue } from '../../queue/exec-queue.ts'
import { checkQueueName } from '../../queue/new-task.ts'
import type { TaskFilter } from '../../queue/store/filter.ts'
import type { SlotKey } from '../../queue/store/slot.ts'
import { parseTime } from '../../time/zone.ts'
import { COMMON_FLAGS, durationFlag, pastTimeFlag, wholeNumber } from '../flags.ts'
import { type PlainFlags, plainFlags } from '../plain-flags.ts'
import { readSettings, type Settings } from '../settings.ts'
import { parseShards } from '../shards.ts'

const DEFAULT_BATCH = 250
const MOST_CONCURRENCY = 1_000
const MINUTE_MS = 60_000

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
  /** The slot that it was started for, which is told when it is at work. */
  readonly slot: SlotKey | undefined
  /** What it runs for every task, instead of the program that the task names. */
  readonly exec: readonly [string, ...string[]] | undefined
  readonly nice: number | undefined
  readonly print: 'text' | 'json' | 'nothing'
}

export async function readPlan(args: string[]): Promise<Plan> {
  const flags = await parse(args)
  const settings = readSettings(flags)
  const exec = readExec(flags.exec, flags.job)
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
    queue: readQueue(flags.queue, exec, flags.job),
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
    slot: readSlot(flags),
    exec,
    nice: wholeNumber('nice', flags.nice, -20, 19),
    print: flags.quiet === true ? 'nothing' : flags.json === true ? 'json' : 'text',
  }
}

/** Only a job has a command, and only its own queue is worked by it. */
function readQueue(given: string | undefined, exec: Plan['exec'], job: string | undefined): string {
  if (exec !== undefined && job !== undefined) {
    const queue = execQueue(job)
    if (given === undefined || given === queue) return queue
    throw new Complaint(EXIT.usage, `--queue is ${given}. With --exec it is ${queue}: leave it out.`)
  }
  if (given !== undefined && isExecQueue(given)) {
    throw new Complaint(
      EXIT.usage,
      `--queue is ${given}, where runs of a job's command stand. "cron-mission run ${given.slice(execQueue('').length)}" runs it.`,
    )
  }
  const queue = given ?? 'default'
  checkQueueName(queue)
  return queue
}

function readExec(text: string | undefined, job: string | undefined): Plan['exec'] {
  if (text === undefined) return undefined
  if (job === undefined)
    throw new Complaint(EXIT.usage, '--exec is given without --job. Name the job whose command it is.')
  const words = wordsOf(text)
  const [first] = words ?? []
  if (words === undefined || first === undefined || first === '') {
    throw new Complaint(EXIT.usage, `--exec is ${text}. Give a JSON list of words, such as ["bin/backup", "--all"].`)
  }
  return [first, ...words.slice(1)]
}

function wordsOf(json: string): string[] | undefined {
  let words: unknown
  try {
    words = JSON.parse(json)
  } catch {
    return undefined
  }
  const isWord = (word: unknown) => typeof word === 'string' && word.isWellFormed() && !word.includes('\0')
  return Array.isArray(words) && words.every(isWord) ? words : undefined
}

function readSlot(flags: { slot?: string | undefined; place?: string | undefined; job?: string | undefined }) {
  const { slot, place = '', job } = flags
  if (slot === undefined) return undefined
  if (job === undefined)
    throw new Complaint(EXIT.usage, '--slot is given without --job. Name the job that was due then.')
  const slotAt = parseTime(slot, 'UTC')
  if (slotAt === undefined || slotAt % MINUTE_MS !== 0)
    throw new Complaint(EXIT.usage, `--slot is ${slot}. Give a whole minute such as 2026-11-20T02:30:00Z.`)
  return { job, slotAt, place }
}

const TEXT = { type: 'string', requiresArg: true } as const
const FLAGS = {
  queue: { ...TEXT, alias: 'q', describe: 'Queue to work on [default: default]' },
  total: { ...TEXT, describe: 'Into how many shards the queue is divided, 1 to 60 [default: 1]' },
  shard: { ...TEXT, describe: 'Which of them are ours: 3, 0-3, 0,2 or all [default: all]' },
  concurrency: { ...TEXT, alias: 'c', describe: 'Programs at once [default: one per shard]' },
  batch: { ...TEXT, describe: `Rows claimed at once, at most [default: ${DEFAULT_BATCH}]` },
  limit: { ...TEXT, describe: 'Leave after this many tasks' },
  'max-time': { ...TEXT, describe: 'Claim no more after this long, such as 50s' },
  watch: { type: 'boolean', describe: 'Stay when empty, and look again every second' },
  timeout: { ...TEXT, describe: 'Stop a program after this long, unless its row says otherwise' },
  grace: { ...TEXT, describe: 'Between asking a program to stop and killing it [default: 10s]' },
  retry: { ...TEXT, describe: 'Delays between attempts, unless the row says otherwise [default: 1m,5m,30m]' },
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
  'dry-run': { type: 'boolean', describe: 'Show what would be run, and run nothing' },
  fail: { type: 'boolean', describe: 'Exit 1 when a task failed' },
  quiet: { type: 'boolean', describe: 'Print nothing but errors' },
  json: { type: 'boolean', describe: 'Print the summary as JSON' },
  'log-format': { ...TEXT, describe: 'text or json [default: text]' },
  ...COMMON_FLAGS,
} as const

type Flags = PlainFlags<typeof FLAGS>

/** The tick gives plain flags, and yargs takes as long to load as all else that a worker begins with. */
async function parse(args: string[]): Promise<Flags> {
  return plainFlags(args, FLAGS) ?? (await parseAny(args))
}

async function parseAny(args: string[]): Promise<Flags> {
  const { commandLine } = await import('../command-line.ts')
  return commandLine('do-queue', args)
    .usage('$0 [--total N --shard I]\n\nWorks shard I of N of a queue until it is empty, one program per task.')
    .options(FLAGS)
    .example('$0', 'empty the queue, one program at a time')
    .example('$0 --total 4 --shard 1', 'the second of four workers')
    .example('$0 --total 4 --shard all', 'four shards in one process, four programs at once')
    .example('$0 --task sync-order --since 2026-11-01 --dry-run', 'what a backfill by hand would run')
    .demandCommand(0, 0, '', 'do-queue takes flags only.')
    .parseAsync()
}
