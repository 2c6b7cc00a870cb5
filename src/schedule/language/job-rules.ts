/**
 * What the options of a job mean together: which belong to its kind of work, and which do not go with each other.
 *
 * What makes no sense is refused where the job itself says it, and not taken over where it comes from the defaults: a
 * default is for all the jobs that it makes sense for.
 */
import type { ExecJob, JobOptions, QueueJob } from './define.ts'
import { type Reading, type Values, valuesOf } from './job-options.ts'
import { DEFAULT_CATCH_UP } from './option-values.ts'
import type { PlannedJob, Work } from './plan.ts'

type Kind = Work['kind']

interface Senseless {
  readonly options: readonly (keyof QueueJob | keyof ExecJob)[]
  /** Goes on after the name of the option. */
  readonly because: string
}

/** A queue `exec:<id>` holds the runs of a command, and the name of a queue has at most 64 characters. */
const LONGEST_EXEC_ID = 55

const OF_WORKERS = [
  'shards',
  'processes',
  'concurrency',
  'batch',
  'perKey',
  'maxTime',
  'warm',
] satisfies (keyof JobOptions)[]
const OF_COMMANDS = ['env', 'directory'] satisfies (keyof JobOptions)[]
const OF_RUNS = ['overlap', 'timeout', 'grace', 'retry', 'crash', 'nice', 'stopAt'] satisfies (keyof JobOptions)[]

const SENSELESS: Readonly<Record<Kind | 'always' | 'always exec', Senseless>> = {
  queue: { options: OF_COMMANDS, because: 'is for the command of a job, and this job works a queue' },
  exec: { options: OF_WORKERS, because: 'is for the workers of a queue, and this job runs a command' },
  enqueue: {
    options: [...OF_WORKERS, ...OF_RUNS, ...OF_COMMANDS],
    because: 'is for work, and this job only adds tasks: say it where their queue is worked',
  },
  always: {
    options: ['catchUp', 'spread', 'maxTime', 'overlap', 'except'],
    because: 'does not go with always(): such a job is due in every minute and misses none',
  },
  'always exec': {
    options: ['retry', 'timeout', 'stopAt'],
    because: 'does not go with a command that is always() at work: it has no end, and one that ends is started again',
  },
}

export interface Judged {
  readonly job?: Omit<PlannedJob, 'id'>
  readonly sentences: readonly string[]
}

/** @param own  what the job itself says; `defaults` are taken where it says nothing */
export function judgeJob(id: string, own: Reading, defaults: Reading): Judged {
  const sentences = [...own.sentences]
  const said = valuesOf(own)
  const kind = kindOf(own, sentences)
  if (!own.given.includes('when')) sentences.push("when is missing. Say when the job is due, for instance every('5m').")
  const isAlways = said.always === true
  if (isAlways && kind === 'enqueue') {
    sentences.push(
      'when is always(), which keeps workers of a queue or a command at work. Name one, or say when the job is due.',
    )
  }
  if (kind === 'exec' && id.length > LONGEST_EXEC_ID) {
    sentences.push(`this id has ${id.length} characters. A job with exec may have ${LONGEST_EXEC_ID}.`)
  }
  const senseless = [
    ...(kind === undefined ? [] : [SENSELESS[kind]]),
    ...(isAlways ? [SENSELESS.always] : []),
    ...(isAlways && kind === 'exec' ? [SENSELESS['always exec']] : []),
  ]
  for (const { options, because } of senseless) {
    for (const option of options) if (own.given.includes(option)) sentences.push(`${option} ${because}.`)
  }
  if (kind === 'queue') sentences.push(...queueRules(said))

  const leftOut = senseless.flatMap(({ options }) => options)
  const inherited = defaults.given.filter(
    (option) => !own.given.includes(option) && !leftOut.some((it) => it === option),
  )
  const inheritsBroken = inherited.some((option) => defaults.broken.includes(option))
  if (sentences.length > 0 || inheritsBroken || kind === undefined) return { sentences }
  const job = complete(kind, { ...fitting(kind, valuesOf(defaults, inherited)), ...said })
  return job === undefined ? { sentences } : { job, sentences }
}

function kindOf({ given }: Reading, sentences: string[]): Kind | undefined {
  const kinds = (['queue', 'exec', 'enqueue'] satisfies Kind[]).filter((kind) => given.includes(kind))
  if (kinds.length === 1) return kinds[0]
  sentences.push(
    kinds.length === 0
      ? "queue, exec or enqueue is missing. Say what the job does, for instance queue: 'mail'."
      : `it has ${kinds.join(' and ')}. A job does one thing: keep one of them.`,
  )
  return undefined
}

function queueRules({ overlap, hosts }: Values): string[] {
  const sentences: string[] = []
  if (overlap === 'allow') {
    sentences.push("overlap is 'allow', but each shard of a queue has one worker. Use skip, queue or replace.")
  }
  if (hosts === 'each') {
    sentences.push("hosts is 'each', but the shards of a queue have one worker each, whatever the hosts. Use 'one'.")
  }
  return sentences
}

/** Without the values of defaults that this kind of work cannot have. */
function fitting(kind: Kind, values: Values): Values {
  if (kind !== 'queue') return values
  const { overlap, hosts, ...rest } = values
  return {
    ...rest,
    ...(overlap === undefined || overlap === 'allow' ? {} : { overlap }),
    ...(hosts === undefined || hosts === 'each' ? {} : { hosts }),
  }
}

function complete(kind: Kind, values: Values): Omit<PlannedJob, 'id'> | undefined {
  const {
    queue,
    command,
    enqueue,
    shards = 1,
    processes,
    concurrency,
    batch,
    perKey,
    maxTimeMs,
    warm,
    env,
    directory,
    isSystemZone,
    ...rest
  } = values
  const { when, timezone } = rest
  if (when === undefined || timezone === undefined) return undefined
  const workers = known({ processes, concurrency, batch, perKey, maxTimeMs, warm })
  let work: Work | undefined
  if (kind === 'enqueue' && enqueue) work = { kind }
  if (kind === 'exec' && command !== undefined) work = { kind, command, ...known({ env, directory }) }
  if (kind === 'queue' && queue !== undefined) work = { kind, queue, shards, ...workers }
  if (work === undefined) return undefined
  return {
    except: [],
    always: false,
    hosts: 'one',
    onlyIf: false,
    overlap: 'skip',
    catchUp: DEFAULT_CATCH_UP,
    spreadMs: 0,
    ...rest,
    when,
    timezone,
    ...(isSystemZone ? { isSystemZone } : {}),
    work,
  }
}

function known<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as typeof values
}
