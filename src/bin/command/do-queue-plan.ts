/**
 * The command line of `do-queue`, as a plan: every flag checked, every default filled in.
 */

import { Complaint, EXIT } from '../../exit.ts'
import { type CommandSurroundings, readSurroundings, SURROUNDINGS_VARIABLE } from '../../host/command-surroundings.ts'
import { execQueue, isExecQueue } from '../../queue/exec-queue.ts'
import { checkQueueName } from '../../queue/new-task.ts'
import type { TaskFilter } from '../../queue/store/filter.ts'
import type { SlotKey } from '../../queue/store/slot.ts'
import { MINUTE_MS } from '../../time/units.ts'
import { parseTime } from '../../time/zone.ts'
import { durationFlag, pastTimeFlag, wholeNumber } from '../flags.ts'
import type { PlainFlags } from '../plain-flags.ts'
import { readSettings, type Settings } from '../settings.ts'
import { parseShards } from '../shards.ts'
import { DEFAULT_BATCH, type DO_QUEUE_FLAGS } from './do-queue-flags.ts'

const MOST_CONCURRENCY = 1_000
const MOST_PER_KEY = 1_000

export interface Plan {
  readonly settings: Settings
  readonly queue: string
  readonly total: number
  readonly shards: readonly number[]
  readonly concurrency: number | undefined
  readonly batch: number
  readonly limit: number | undefined
  /** Tasks of one key at once, while keys take turns; undefined where a key is a lane. */
  readonly perKey: number | undefined
  readonly maxTimeMs: number | undefined
  readonly filter: TaskFilter
  readonly watch: boolean
  /** Whoever has its shards is asked to hand them over. */
  readonly replace: boolean
  readonly dryRun: boolean
  readonly fail: boolean
  /** The job of schedule.ts that a tick started this worker for. */
  readonly job: string | null
  /** The slot that it was started for, which is told when it is at work. */
  readonly slot: SlotKey | undefined
  /** What it runs for every task, instead of the program that the task names. */
  readonly exec: readonly [string, ...string[]] | undefined
  /** Where that runs, and what it finds there. */
  readonly surroundings: CommandSurroundings
  /** Every program serves many tasks in one process, whatever its name. */
  readonly warm: boolean
  readonly nice: number | undefined
  readonly print: 'text' | 'json' | 'nothing'
}

export type DoQueueFlags = PlainFlags<typeof DO_QUEUE_FLAGS>

/** @throws Complaint (usage, bad configuration) */
export function planOf(flags: DoQueueFlags): Plan {
  const settings = readSettings(flags)
  const exec = readExec(flags.exec, flags.job)
  if (exec !== undefined && flags.warm === true) {
    throw new Complaint(
      EXIT.usage,
      "--warm is given with --exec. A job's command is started anew for every run: leave one of them out.",
    )
  }
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
    perKey: readPerKey(flags['per-key'], exec),
    limit: wholeNumber('limit', flags.limit, 1, Number.MAX_SAFE_INTEGER),
    maxTimeMs: durationFlag('max-time', flags['max-time']),
    filter: Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)),
    watch: flags.watch === true,
    replace: flags.replace === true,
    dryRun: flags['dry-run'] === true,
    fail: flags.fail === true,
    job: flags.job ?? null,
    slot: readSlot(flags),
    exec,
    surroundings: exec === undefined ? {} : readSurroundings(process.env[SURROUNDINGS_VARIABLE]),
    warm: flags.warm === true,
    nice: wholeNumber('nice', flags.nice, -20, 19),
    print: flags.quiet === true ? 'nothing' : flags.json === true ? 'json' : 'text',
  }
}

function readPerKey(given: string | undefined, exec: Plan['exec']): number | undefined {
  if (given !== undefined && exec !== undefined)
    throw new Complaint(
      EXIT.usage,
      '--per-key is given with --exec. Runs of a job have no keys: leave one of them out.',
    )
  return wholeNumber('per-key', given, 1, MOST_PER_KEY)
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
