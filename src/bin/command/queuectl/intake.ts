/**
 * `queuectl intake`: makes tasks of the items of a Redis list.
 */
import { readFileSync } from 'node:fs'
import { amount, grouped } from '../../../amount.ts'
import { Intake, type IntakeSummary } from '../../../ctl/intake/intake.ts'
import {
  EVERY_WORKER,
  type Mapping,
  readFieldPath,
  readWorkerMap,
  type WorkerMap,
} from '../../../ctl/intake/mapping.ts'
import { previewFacts, previewItems, previewLines } from '../../../ctl/intake/preview.ts'
import { parseRedisUrl, type RedisPlace } from '../../../ctl/intake/redis-place.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { DayLog } from '../../../log/day-log.ts'
import { checkQueueName } from '../../../queue/new-task.ts'
import { openNamed } from '../../../queue/open-queue.ts'
import { wholeNumber } from '../../flags.ts'
import { leaveWhenAsked } from '../../leaving.ts'
import { printJson, printLines } from '../../print.ts'
import type { Settings } from '../../settings.ts'

export interface IntakeFlags {
  readonly redis?: string | undefined
  readonly list?: string | undefined
  readonly from?: string | undefined
  readonly task?: string | undefined
  readonly map?: string | undefined
  readonly param?: string | undefined
  readonly queue?: string | undefined
  readonly priority?: string | undefined
  readonly 'shard-key'?: string | undefined
  readonly unique?: string | undefined
  readonly once?: boolean | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly json?: boolean | undefined
}

const SIDES = { left: 'LEFT', right: 'RIGHT' } as const
const DRY_RUN_ITEMS = 20
/** With `--once`, for a database that does not answer. */
const PATIENCE_MS = 10_000

export async function intake(flags: IntakeFlags, settings: Settings): Promise<number> {
  const { list = '', once = false } = flags
  if (list === '')
    throw new Complaint(
      EXIT.usage,
      '--list is missing. Name the list of Redis that the items are in, such as --list mail.',
    )
  const from = SIDES[oneOf('from', flags.from ?? 'left', ['left', 'right'])]
  const mapping = mappingOf(flags)
  const place = placeOf(flags, settings)
  process.title = `queuectl: intake ${list} of ${place.text}` // a URL on the command line is seen by everybody
  if (flags['dry-run'] === true) {
    const preview = await previewItems(place, list, from, mapping, DRY_RUN_ITEMS)
    if (flags.json === true) printJson(...previewFacts(preview))
    else printLines(previewLines(preview, mapping, list))
    return EXIT.ok
  }
  const say = (sentence: string) => void process.stderr.write(`queuectl: ${sentence}\n`)
  const waiting = {
    patienceMs: once ? PATIENCE_MS : Number.POSITIVE_INFINITY,
    onWaiting: (reason: string) => say(`The database does not answer (${reason}). Waiting for it.`),
  }
  const { db, installation } = await openNamed(settings.queueUrl, settings.directory, waiting)
  const leaving = leaveWhenAsked()
  const log = dayLog(settings)
  const facts = { list, redis: place.text, queue: mapping.queue }
  try {
    log.event('intake-start', facts)
    const work = new Intake({ db, installation, place, list, from, mapping, once, log, stop: leaving.signal, say })
    let reason = 'failed'
    try {
      await work.run()
      reason = leaving.signal.aborted ? String(leaving.signal.reason) : 'empty'
    } finally {
      log.event('intake-end', { ...facts, reason, ...work.summary })
    }
    if (flags.json === true) printJson({ list, ...work.summary })
    else printLines([summaryLine(list, work.summary)])
    return EXIT.ok
  } finally {
    leaving.end()
    log.close()
    await db.close()
  }
}

function mappingOf(flags: IntakeFlags): Mapping {
  const { task, queue = 'default' } = flags
  if (task !== undefined && flags.map !== undefined)
    throw new Complaint(EXIT.usage, 'Both --task and --map are given. Use one of them.')
  if (task === '') throw new Complaint(EXIT.usage, '--task is empty. Name a program of the tasks directory.')
  checkQueueName(queue)
  return {
    task,
    workers: workersOf(flags.map),
    hands: oneOf('param', flags.param ?? (task === undefined ? 'params' : 'item'), ['params', 'item']),
    queue,
    priority: wholeNumber('priority', flags.priority, -32_768, 32_767) ?? 0,
    shardKey: readFieldPath('shard-key', flags['shard-key']),
    unique: readFieldPath('unique', flags.unique),
  }
}

/** Behind an @ is the name of a file that has it. */
function workersOf(map: string | undefined): WorkerMap {
  if (map === undefined) return EVERY_WORKER
  if (!map.startsWith('@')) return readWorkerMap(map)
  let text: string
  try {
    text = readFileSync(map.slice(1), 'utf8')
  } catch (error) {
    const { code } = error as { code?: string }
    throw new Complaint(EXIT.usage, `--map ${map} cannot be read (${code}). Name a file behind the @.`)
  }
  return readWorkerMap(text)
}

function placeOf({ redis }: IntakeFlags, { intakeUrl }: Settings): RedisPlace {
  const url = redis ?? intakeUrl
  if (url !== undefined) return parseRedisUrl(url)
  throw new Complaint(
    EXIT.usage,
    'Name the server: queuectl intake redis://127.0.0.1:6379/0 --list mail, or QUEUE_INTAKE_URL in .env.',
  )
}

function oneOf<T extends string>(flag: string, given: string, known: readonly [T, T]): T {
  const value = known.find((one) => one === given)
  if (value !== undefined) return value
  throw new Complaint(EXIT.usage, `--${flag} is "${given}". Use ${known.join(' or ')}.`)
}

function dayLog({ logsDirectory: directory, timezone: zone, logFormat: format }: Settings): DayLog {
  const { host, pid } = ownIdentity()
  return new DayLog({ directory, name: 'intake', zone, format, source: { host, pid, shard: '-' } })
}

function summaryLine(list: string, { items, added, duplicates, rejected }: IntakeSummary): string {
  const parts = [
    `${amount(added, 'task')} added`,
    ...(duplicates === 0 ? [] : [`${grouped(duplicates)} there already`]),
    ...(rejected === 0 ? [] : [`${grouped(rejected)} rejected`]),
  ]
  return `${amount(items, 'item')} of ${list}: ${parts.join(', ')}.`
}
