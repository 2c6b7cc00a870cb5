/**
 * Reads whatever a schedule file exported into jobs that are complete and certain, and a list of what is wrong.
 *
 * All problems are found at once. A job is in the plan only when everything it says, and everything it takes from the
 * defaults, was understood; a job that is not never stops the others. Nothing is guessed.
 */
import type { CrashPolicy } from '../../queue/crash-policy.ts'
import type { Schedule } from './define.ts'
import { DEFAULT_READERS, JOB_READERS, type Reading, readOptions, unknownName } from './job-options.ts'
import { showValue } from './show-value.ts'
import type { When } from './when.ts'

/** A job with its defaults filled in. What is absent is left to `do-queue`. */
export interface PlannedJob {
  readonly id: string
  readonly when: readonly When[]
  /** The name of a zone, never `system`. */
  readonly timezone: string
  readonly queue: string
  readonly shards: number
  readonly concurrency?: number
  readonly batch?: number
  readonly timeoutMs?: number
  readonly graceMs?: number
  /** Delays between attempts, as text; empty for one attempt only. */
  readonly retry?: string
  readonly crash?: CrashPolicy
  readonly maxTimeMs?: number
  /** Why the job does not run at present. */
  readonly paused?: string
}

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
      sentence: `Schedule: jobs is ${showValue(schedule.jobs)}. Give an object that holds a job for each id.`,
    })
    return { jobs: [], problems }
  }
  const jobs: PlannedJob[] = []
  for (const [id, options] of Object.entries(schedule.jobs)) {
    const { job, sentences } = readJob(id, options, defaults)
    problems.push(...sentences.map((sentence) => ({ job: id, sentence: `Job ${showValue(id)}: ${sentence}` })))
    if (job !== undefined) jobs.push(job)
  }
  return { jobs, problems }
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
    return { ...zone, sentences }
  }
  const defaults = readOptions(given, DEFAULT_READERS)
  sentences.push(...defaults.sentences.map((sentence) => `Defaults: ${sentence}`))
  return { values: { ...zone.values, ...defaults.values }, broken: defaults.broken, sentences }
}

function readJob(id: string, options: unknown, defaults: Reading): { job?: PlannedJob; sentences: string[] } {
  const sentences: string[] = []
  if (!JOB_ID.test(id)) {
    sentences.push(
      'this id is not allowed. Use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first.',
    )
  }
  if (!isRecord(options)) {
    sentences.push(`it is ${showValue(options)}. Give an object such as { when: every('5m'), queue: 'mail' }.`)
    return { sentences }
  }
  const own = readOptions(options, JOB_READERS)
  sentences.push(...own.sentences)
  if (options.when === undefined) sentences.push("when is missing. Say when the job is due, for instance every('5m').")
  if (options.queue === undefined) sentences.push('queue is missing. Name the queue to work when the job is due.')
  const { when, queue, timezone, ...rest } = { shards: 1, ...defaults.values, ...own.values }
  const inheritsBroken = defaults.broken.some((option) => options[option] === undefined)
  if (sentences.length > 0 || inheritsBroken || !when || !queue || !timezone) return { sentences }
  return { job: { ...rest, id, when, timezone, queue }, sentences }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function failed(sentence: string): Plan {
  return { jobs: [], problems: [{ sentence }] }
}
