/**
 * `queuectl adopt`: takes over the queue table of an older page. Without --yes it says what it would do.
 */
import { amount } from '../../../amount.ts'
import { type GivenWords, planAdoption, refuseCopies, refuseObstacles, runAdoption } from '../../../ctl/adopt/adopt.ts'
import { copyFrom, type FromPlan, planCopy } from '../../../ctl/adopt/copy-from.ts'
import type { AdoptPlan } from '../../../ctl/adopt/plan.ts'
import { planText } from '../../../ctl/adopt/plan-text.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import type { AdoptedState } from '../../../queue/adopt/adoption.ts'
import type { Driver } from '../../../queue/driver.ts'
import { schemaVersion } from '../../../queue/migrate.ts'
import { openDriver, parseQueueUrl } from '../../../queue/url.ts'
import { whyNotStartable } from '../../../worker/startable.ts'
import { leaveWhenAsked } from '../../leaving.ts'
import { printJson, printLines } from '../../print.ts'
import { progressBar, statusLine } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'

export interface AdoptFlags {
  readonly column?: string | undefined
  readonly map?: string | undefined
  readonly status?: string | undefined
  readonly 'old-zone'?: string | undefined
  readonly from?: string | undefined
  readonly copy?: boolean | undefined
  readonly yes?: boolean | undefined
  readonly json?: boolean | undefined
}

const STATES: readonly AdoptedState[] = ['ready', 'done', 'failed', 'cancelled', 'held']

export async function adopt(flags: AdoptFlags, settings: Settings): Promise<number> {
  const given = givenWords(flags)
  if (parseQueueUrl(settings.queueUrl, settings.directory).kind === 'sqlite') {
    throw new Complaint(
      EXIT.usage,
      'Only a table of MySQL or MariaDB can be taken over. Name its database with QUEUE_URL or --url.',
    )
  }
  if (flags.from !== undefined) return withDatabase(settings, (db) => from(db, flags.from ?? '', given, flags))
  const db = await openDriver(settings.queueUrl, settings.directory)
  try {
    return await inPlace(db, given, flags, settings)
  } finally {
    await db.close()
  }
}

async function inPlace(db: Driver, given: GivenWords, flags: AdoptFlags, settings: Settings): Promise<number> {
  const whyNot = (task: string) => whyNotStartable(settings.tasksDirectory, task, process.env.PATH ?? '')
  const plan = (await isOurs(db)) ? undefined : await planAdoption(db, given, whyNot)
  if (plan === undefined) {
    print(flags, { adopted: true }, ['The table queue is ours already; there is nothing to take over.'])
    return EXIT.ok
  }
  if (flags.yes !== true) {
    print(flags, planFacts(plan), planText(plan, settings.timezone))
    return plan.obstacles.length === 0 ? EXIT.ok : EXIT.badConfig
  }
  refuseObstacles(plan)
  refuseCopies(plan, flags.copy === true)
  const isDone = await working(db, plan, flags.copy === true)
  print(flags, { adopted: isDone, rows: plan.total }, isDone ? doneLines(plan) : [STOPPED])
  return isDone ? EXIT.ok : EXIT.busy
}

/** A setting table of somebody else's has no version of ours; the plan tells of it. */
async function isOurs(db: Driver): Promise<boolean> {
  try {
    return (await schemaVersion(db, db.dialect)) > 0
  } catch {
    return false
  }
}

const STOPPED = 'Stopped. No worker starts before it is done: give the same command again, it goes on.'

function doneLines({ total, programs }: AdoptPlan): string[] {
  const missing = programs.filter((program) => program.missing !== undefined)
  return [
    `The table queue is taken over, with ${amount(total, 'row')}. See: queuectl doctor, queuectl list.`,
    ...missing.map(({ task, missing: why }) => `${task} cannot be started here: ${why}.`),
  ]
}

async function working(db: Driver, plan: AdoptPlan, mayCopy: boolean): Promise<boolean> {
  const leaving = leaveWhenAsked()
  const line = statusLine()
  let bar: ReturnType<typeof progressBar> | undefined
  let gone = 0
  try {
    return await runAdoption(db, plan, {
      mayCopy,
      stop: leaving.signal,
      onStep: (does) => line.show(() => `${does} …`),
      onRows: (count) => {
        bar ??= progressBar('rows')
        gone += count
        bar.update(gone, Math.max(gone, plan.total))
      },
    })
  } finally {
    bar?.end()
    line.end()
    leaving.end()
  }
}

async function from(db: Driver, name: string, given: GivenWords, flags: AdoptFlags): Promise<number> {
  const plan = await planCopy(db, name, given)
  if (flags.yes !== true) {
    print(flags, { dryRun: true, from: plan.name, rows: plan.count }, [
      `Would carry ${amount(plan.count, 'row')} with status 0 from ${plan.name} into queue, and set each to 1 there.`,
      'Take the line of the old doQueue out of the crontab first. Then give --yes; again and again, while producers still write there.',
    ])
    return EXIT.ok
  }
  const { copied, isAll } = await carrying(db, plan)
  print(flags, { from: plan.name, copied, isAll }, [
    `Carried ${amount(copied, 'row')} from ${plan.name}.${isAll ? '' : ' Stopped: the same command goes on.'}`,
  ])
  return isAll ? EXIT.ok : EXIT.busy
}

async function carrying(db: Driver, plan: FromPlan) {
  const leaving = leaveWhenAsked()
  const bar = progressBar('rows')
  try {
    return await copyFrom(db, plan, leaving.signal, (copied) => bar.update(copied, Math.max(copied, plan.count)))
  } finally {
    bar.end()
    leaving.end()
  }
}

function planFacts({ table, adoption, total, statuses, programs, notes, before, after, tables, obstacles }: AdoptPlan) {
  const steps = [...before, ...after].map(({ does, sql, kind }) => ({ does, sql, kind }))
  return {
    ...{ dryRun: true, database: table.database, engine: table.engine, rows: total, column: adoption.column },
    ...{ statuses, programs, notes, tables, steps, obstacles },
  }
}

function givenWords(flags: AdoptFlags): GivenWords {
  const { column, map, status, 'old-zone': zone } = flags
  return {
    ...(column === undefined ? {} : { column }),
    ...(zone === undefined ? {} : { zone }),
    ...(map === undefined ? {} : { map: pairs('map', map, 'send.php=send-msg.php') }),
    ...(status === undefined ? {} : { status: states(pairs('status', status, '2=failed')) }),
  }
}

/** @throws Complaint (usage) when it is no list of `a=b` */
function pairs(flag: string, text: string, example: string): Record<string, string> {
  const words = text.split(',').map((word) => /^([^=]+)=([^=]+)$/.exec(word.trim()))
  return Object.fromEntries(
    words.map((word) => {
      if (word === null) {
        throw new Complaint(EXIT.usage, `--${flag} is "${text}". Write old=new, several with commas, as in ${example}.`)
      }
      return [word[1] as string, word[2] as string]
    }),
  )
}

function states(given: Readonly<Record<string, string>>): Record<string, AdoptedState> {
  return Object.fromEntries(
    Object.entries(given).map(([from, to]) => {
      const state = STATES.find((name) => name === to)
      if (state === undefined || !/^(?:-?\d+|null)$/.test(from) || from === '0' || from === '1') {
        throw new Complaint(
          EXIT.usage,
          `--status has "${from}=${to}". Give a number other than 0 and 1, or null, and one of ${STATES.join(', ')}.`,
        )
      }
      return [from, state]
    }),
  )
}

function print({ json }: AdoptFlags, facts: object, lines: readonly string[]): void {
  if (json === true) printJson(facts)
  else printLines(lines)
}
