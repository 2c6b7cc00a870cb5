/**
 * Reads whatever a schedule file exported into jobs that are complete and certain, and a list of what is wrong.
 *
 * All problems are found at once. A job is in the plan only when everything it says, and everything it takes from the
 * defaults, was understood; a job that is not never stops the others. Nothing is guessed.
 */
import type { CrashPolicy } from '../../queue/crash-policy.ts'
import type { CatchUp, Overlap, Schedule } from './define.ts'
import { judgeChains, judgeKeyRules, judgeSides } from './job-chains.ts'
import { DEFAULT_READERS, JOB_READERS, type Reading, readOptions, valuesOf } from './job-options.ts'
import { type Judged, judgeJob } from './job-rules.ts'
import { isRecord, unknownName } from './option-values.ts'
import { showValue } from './show-value.ts'
import type { When } from './when.ts'

/** A job with its defaults filled in: plain data, but for the marks that say where the file has a function. */
export interface PlannedJob {
  readonly id: string
  /** The words that name minutes; empty for a job that is only `after` another, or `always` at work. */
  readonly when: readonly When[]
  readonly except: readonly When[]
  /** It is due for the slots of this job, when they have ended well. */
  readonly after?: { readonly job: string; readonly withinMs: number }
  /** Its workers are to be at work in every minute. */
  readonly always: boolean
  /** The name of a zone, never `system`. */
  readonly timezone: string
  /** The file says `system`, and this is the zone of the machine that read it. */
  readonly isSystemZone?: true
  readonly work: Work
  readonly hosts: 'one' | 'each' | readonly string[]
  readonly onlyIf: boolean
  readonly maxLoad?: number
  readonly overlap: Overlap
  readonly catchUp: { readonly policy: CatchUp['policy']; readonly withinMs: number; readonly max: number }
  /** 0 for none. */
  readonly spreadMs: number
  /** `06:00` */
  readonly stopAt?: string
  readonly timeoutMs?: number
  readonly graceMs?: number
  /** Delays between attempts, as text; empty for one attempt only. */
  readonly retry?: string
  readonly crash?: CrashPolicy
  readonly nice?: number
  readonly notify?: { readonly command?: readonly string[]; readonly url?: string; readonly silenceMs?: number }
  /** Why the job does not run at present. */
  readonly paused?: string
}

/** What a job does. What is absent is left to `do-queue`. */
export type Work =
  | {
      readonly kind: 'queue'
      readonly queue: string
      /** `function`: the file has one that says how many. */
      readonly shards: number | 'function'
      readonly processes?: number
      readonly concurrency?: number
      readonly batch?: number
      /** Tasks of one key at once, while keys take turns; where it is absent, each key is a lane. */
      readonly perKey?: number
      readonly maxTimeMs?: number
      /** Its programs serve many tasks in one process; what is absent is left to `do-queue`. */
      readonly warm?: { readonly tasks?: number; readonly ageMs?: number; readonly memoryBytes?: number }
    }
  | {
      readonly kind: 'exec'
      readonly command: readonly string[]
      readonly env?: Readonly<Record<string, string>>
      /** As the file has it: absolute, relative to the project's, or from `~` on. */
      readonly directory?: string
    }
  | { readonly kind: 'enqueue' }

/** What is wrong, in a sentence that can stand alone; `job` is the id when it concerns one job. */
export interface Problem {
  readonly job?: string
  readonly sentence: string
}

export interface Plan {
  readonly jobs: PlannedJob[]
  readonly problems: Problem[]
}

const JOB_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const BAD_ID =
  'this id is not allowed. Use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first.'
const SCHEDULE_KEYS = ['timezone', 'defaults', 'jobs'] satisfies (keyof Schedule)[]

/** @param schedule  the default export of a schedule file, or the content of a JSON one */
export function planSchedule(schedule: unknown): Plan {
  if (!isRecord(schedule)) {
    return failed(
      `The schedule is ${showValue(schedule)}. Export defineSchedule({ timezone: 'Europe/Berlin', jobs: { … } }).`,
    )
  }
  const problems: Problem[] = []
  const defaults = readDefaults(schedule)
  const unknown = Object.keys(schedule).filter((key) => !SCHEDULE_KEYS.some((known) => known === key))
  for (const key of unknown) problems.push({ sentence: `Schedule: ${unknownName(key, SCHEDULE_KEYS)}` })
  problems.push(...defaults.sentences.map((sentence) => ({ sentence })))
  if (!isRecord(schedule.jobs)) {
    problems.push({
      sentence: `Schedule: jobs is ${schedule.jobs === undefined ? 'missing' : showValue(schedule.jobs)}. Give an object that holds a job for each id.`,
    })
    return { jobs: [], problems }
  }
  const readings = new Map(
    Object.entries(schedule.jobs).map(([id, job]) => [id, readOptions(isRecord(job) ? job : {}, JOB_READERS)]),
  )
  const chains = judgeChains(new Map([...readings].map(([id, reading]) => [id, valuesOf(reading)])))
  const jobs: PlannedJob[] = []
  for (const [id, own] of readings) {
    const given = schedule.jobs[id]
    const { job, sentences } = isRecord(given) ? judgeJob(id, own, defaults) : noObject(given)
    const all = [...(JOB_ID.test(id) ? [] : [BAD_ID]), ...sentences, ...(chains.get(id) ?? [])]
    problems.push(...all.map((sentence) => problemOf(id, sentence)))
    if (job !== undefined && all.length === 0) jobs.push({ id, ...job })
  }
  const wrong = new Map([...judgeSides(jobs), ...judgeKeyRules(jobs)])
  problems.push(...[...wrong].map(([id, sentence]) => problemOf(id, sentence)))
  return { jobs: jobs.filter(({ id }) => !wrong.has(id)), problems }
}

function problemOf(job: string, sentence: string): Problem {
  return { job, sentence: `Job ${showValue(job)}: ${sentence}` }
}

/** What jobs inherit: the zone of the schedule, and over it the `defaults`. */
function readDefaults(schedule: Readonly<Record<string, unknown>>): Reading {
  const zone = readOptions({ timezone: schedule.timezone }, DEFAULT_READERS)
  const sentences = zone.sentences.map((sentence) => `Schedule: ${sentence}`)
  if (schedule.timezone === undefined) {
    sentences.push(
      "Schedule: timezone is missing. Give a zone such as 'Europe/Berlin', or 'system' for this machine's own.",
    )
  }
  const given = schedule.defaults ?? {}
  if (!isRecord(given)) {
    sentences.push(`Schedule: defaults is ${showValue(given)}. Give an object such as { shards: 4, timeout: '15m' }.`)
    return { ...zone, broken: [], sentences }
  }
  const defaults = readOptions(given, DEFAULT_READERS)
  sentences.push(...defaults.sentences.map((sentence) => `Defaults: ${sentence}`))
  return {
    given: [...new Set([...zone.given, ...defaults.given])],
    values: new Map([...zone.values, ...defaults.values]),
    broken: defaults.broken,
    sentences,
  }
}

function noObject(given: unknown): Judged {
  return { sentences: [`it is ${showValue(given)}. Give an object such as { when: every('5m'), queue: 'mail' }.`] }
}

function failed(sentence: string): Plan {
  return { jobs: [], problems: [{ sentence }] }
}
