/**
 * What each option of a job may be, and how it is read: a table with a reader for every one.
 *
 * The compiler keeps the table complete: an option of `define.ts` needs its line. What options mean together is for
 * `job-rules.ts`.
 */
import { Complaint } from '../../exit.ts'
import { isCrashPolicy } from '../../queue/crash-policy.ts'
import { parseRetryList } from '../../queue/retry-list.ts'
import { readDirectory, readEnvironment } from './command-options.ts'
import type { ExecJob, JobOptions, QueueJob } from './define.ts'
import {
  bad,
  readCatchUp,
  readClockTime,
  readCommand,
  readDuration,
  readFunction,
  readHosts,
  readMaxLoad,
  readNotify,
  readOneOf,
  readQueueName,
  readReason,
  readShards,
  readSpread,
  readWarm,
  readWholeNumber,
  readZone,
  unknownName,
} from './option-values.ts'
import type { PlannedJob, Work } from './plan.ts'
import { readExcept, readWhens, type SaidWhen } from './read-when.ts'
import { showValue } from './show-value.ts'

/** What was said and understood, by the fields of a planned job and of its work. */
export type Values = Partial<
  Omit<PlannedJob, 'id' | 'when' | 'after' | 'always' | 'work' | 'isSystemZone'> &
    SaidWhen &
    Omit<Extract<Work, { kind: 'queue' }>, 'kind'> &
    Omit<Extract<Work, { kind: 'exec' }>, 'kind'> & { readonly enqueue: true; readonly isSystemZone: boolean }
>

export interface Reading {
  /** Known options that are there. */
  readonly given: readonly string[]
  /** What each of them means, of those that were understood. */
  readonly values: ReadonlyMap<string, Values>
  /** Those whose value was not understood. */
  readonly broken: readonly string[]
  /** What is wrong, one sentence for each. */
  readonly sentences: readonly string[]
}

type Reader = (value: unknown, option: string) => Values
type Readers<Option extends string = string> = Readonly<Record<Option, Reader>>

/** The options that may also stand in `defaults`. */
export const DEFAULT_READERS: Readers<keyof JobOptions> = {
  timezone: (value) => ({ timezone: readZone(value), isSystemZone: value === 'system' }),
  shards: (value) => ({ shards: readShards(value) }),
  processes: (value, option) => ({ processes: readWholeNumber(value, option, 1, 60) }),
  concurrency: (value, option) => ({ concurrency: readWholeNumber(value, option, 1, 1000) }),
  batch: (value, option) => ({ batch: readWholeNumber(value, option, 1, 1000) }),
  perKey: (value, option) => ({ perKey: readWholeNumber(value, option, 1, 1000) }),
  warm: (value) => readWarm(value),
  env: (value) => ({ env: readEnvironment(value) }),
  directory: (value) => ({ directory: readDirectory(value) }),
  timeout: (value, option) => ({ timeoutMs: readDuration(value, option, 1_000) }),
  grace: (value, option) => ({ graceMs: readDuration(value, option, 0) }),
  retry: (value) => ({ retry: readRetryList(value) }),
  crash: (value, option) => ({ crash: readCrash(value, option) }),
  maxTime: (value, option) => ({ maxTimeMs: readDuration(value, option, 1_000) }),
  stopAt: (value, option) => ({ stopAt: readClockTime(value, option) }),
  hosts: (value) => ({ hosts: readHosts(value) }),
  maxLoad: (value) => ({ maxLoad: readMaxLoad(value) }),
  overlap: (value, option) => ({ overlap: readOneOf(value, option, ['skip', 'queue', 'replace', 'allow']) }),
  catchUp: (value) => ({ catchUp: readCatchUp(value) }),
  spread: (value) => ({ spreadMs: readSpread(value) }),
  nice: (value, option) => ({ nice: readWholeNumber(value, option, -20, 19) }),
  notify: (value) => ({ notify: readNotify(value) }),
}

export const JOB_READERS: Readers<keyof QueueJob | keyof ExecJob> = {
  when: readWhens,
  except: (value) => ({ except: readExcept(value) }),
  queue: (value) => ({ queue: readQueueName(value) }),
  exec: (value, option) => ({ command: readCommand(value, option) }),
  enqueue: (value, option) => ({ enqueue: readFunction(value, option) }),
  onlyIf: (value, option) => ({ onlyIf: readFunction(value, option) }),
  paused: (value) => ({ paused: readReason(value) }),
  ...DEFAULT_READERS,
}

/** Reads every option there is; one that is `undefined` counts as absent. */
export function readOptions(options: Readonly<Record<string, unknown>>, readers: Readers): Reading {
  const given: string[] = []
  const values = new Map<string, Values>()
  const broken: string[] = []
  const sentences: string[] = []
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue
    const read = Object.hasOwn(readers, option) ? readers[option] : undefined
    if (read === undefined) {
      sentences.push(unknownName(option, Object.keys(readers)))
      continue
    }
    given.push(option)
    try {
      values.set(option, read(value, option))
    } catch (error) {
      if (!(error instanceof Complaint)) throw error
      broken.push(option)
      sentences.push(error.message)
    }
  }
  return { given, values, broken, sentences }
}

/** All that was understood, or only what these options say. */
export function valuesOf({ given, values }: Reading, options: readonly string[] = given): Values {
  return Object.assign({}, ...options.map((option) => values.get(option)))
}

function readRetryList(value: unknown): string {
  if (typeof value !== 'string')
    throw bad(`retry is ${showValue(value)}. Write delays such as '2m,10m,1h', or '' for none.`)
  return parseRetryList(value).length === 0 ? '' : value.trim()
}

function readCrash(value: unknown, option: string) {
  return isCrashPolicy(value) ? value : readOneOf(value, option, ['retry', 'hold', 'fail'])
}
