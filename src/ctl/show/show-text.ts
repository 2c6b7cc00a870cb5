/**
 * A task as text for a person: what it is and how it stands, what has been tried, what is to come.
 */

import { join } from 'node:path'
import { amount } from '../../amount.ts'
import { queuePauseReason } from '../../queue/pause-words.ts'
import type { OutputPlace } from '../../queue/store/finish.ts'
import { isHeldForMove } from '../../queue/store/move-out.ts'
import type { QueuePause } from '../../queue/store/queue-pause.ts'
import { PAST_ATTEMPTS, type PastAttempt, type TaskFacts } from '../../queue/store/read-task.ts'
import { HELD_FOR_PAUSE } from '../../queue/store/set-aside.ts'
import { formatDuration } from '../../time/duration.ts'
import { timeText } from '../../time/time-text.ts'
import { readableLine, readableLines } from '../readable.ts'
import { paramMeaning } from './param-meaning.ts'
import { type Prospect, prospectOf, type RetryInForce, retryInForce } from './prospect.ts'

export interface ShowOptions {
  /** Whose wall clock the times are of. */
  readonly zone: string
  /** The list of delays for rows that bring none. */
  readonly retry: string
  /** Absolute: where the files are that a row names. */
  readonly logsDirectory: string
}

const LABEL_WIDTH = 13
const LONGEST_TEXT = 1_100
const MOST_LINES = 20
const LONGEST_REASON = 100

/** @param pause  the one that keeps it from being started */
export function taskText(task: TaskFacts, pause: QueuePause | undefined, options: ShowOptions): string {
  const inForce = retryInForce(task, options.retry)
  const blocks = [
    [sentence(task, pause)],
    facts(task, inForce, pause, options).flatMap(([label, value]) => labelled(label, value)),
    pastLines(task, options),
    prospectLines(task, prospectOf(task, inForce.terms), options),
  ]
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${readableLine(line, Number.POSITIVE_INFINITY)}\n`).join(''))
    .join('\n')
}

function sentence({ id, state, cancelAt, behind }: TaskFacts, pause: QueuePause | undefined): string {
  const waits = behind === null ? '' : ` It waits behind task ${behind.id} of the same key, which is ${behind.state}.`
  switch (state) {
    case 'ready':
      return pause === undefined
        ? `Task ${id} is ready: a worker may take it.${waits}`
        : `Task ${id} is ready, and is not started while it is paused.${waits}`
    case 'scheduled':
      return `Task ${id} is scheduled: it waits for its time.${waits}`
    case 'held':
      return `Task ${id} is held: it waits until it is released.`
    case 'running':
      return cancelAt === null
        ? `Task ${id} is running.`
        : `Task ${id} is running, and was cancelled: its worker stops it.`
    case 'done':
      return `Task ${id} is done.`
    case 'failed':
      return `Task ${id} has failed.`
    case 'cancelled':
      return `Task ${id} was cancelled.`
    default:
      return `Task ${id} has the status ${state}, which is no state: somebody wrote it by hand.`
  }
}

type Fact = readonly [label: string, value: string | readonly string[] | null]

/** In the order in which a person asks. */
function facts(
  task: TaskFacts,
  inForce: RetryInForce,
  pause: QueuePause | undefined,
  { zone, logsDirectory }: ShowOptions,
): Fact[] {
  const time = (at: number | null) => (at === null ? null : timeText(zone, at, task.now))
  const line = (text: string | null) => (text === null ? null : readableLine(text, LONGEST_TEXT))
  const param = readableLines(task.param, LONGEST_TEXT, MOST_LINES)
  return [
    ['queue', task.queue],
    ['task', line(task.task)],
    [
      'param',
      task.param === '' ? '(empty)' : [...param, ...(isWhole(param, task) ? [] : [`(${task.paramBytes} bytes)`])],
    ],
    ['that is', line(paramMeaning(task.param) ?? null)],
    ['key', task.shardKey === null ? null : `${line(task.shardKey)} (bucket ${task.bucket})`],
    [
      'unique key',
      task.uniqueKey === null ? null : `${line(task.uniqueKey)}${task.keepUnique ? ' (kept for good)' : ''}`,
    ],
    ['priority', String(task.priority)],
    ['attempts', `${task.attempts} of ${inForce.terms.maxAttempts}`],
    ['crashes', `${task.crashes}${task.crashes > 0 ? ' in a row' : ''}`],
    ['retry list', retryText(inForce)],
    ['time limit', task.timeoutSeconds === null ? null : formatDuration(task.timeoutSeconds * 1_000)],
    ['added', time(task.addedAt)],
    ['run at', time(task.runAt)],
    ['expires', time(task.expiresAt)],
    ['held for', task.state === 'held' ? heldForText(task.heldFor) : null],
    ['paused', pause === undefined ? null : line(queuePauseReason(pause, zone))],
    ['cancel asked', time(task.cancelAt)],
    ['started', time(task.startedAt)],
    ['finished', time(task.finishedAt)],
    ['changed', time(task.changedAt)],
    ['worker', workerText(task)],
    ['exit code', task.exitCode === null ? null : String(task.exitCode)],
    ['signal', task.exitSignal],
    ['error', task.error === null ? null : readableLines(task.error, LONGEST_TEXT, MOST_LINES)],
    ['CPU time', task.cpuMs === null ? null : formatDuration(task.cpuMs)],
    ['output', outputText(task.output, logsDirectory)],
    ['waits for', isWaiting(task) ? `queuectl why ${task.id}` : null],
  ]
}

/** Nothing for a person, and for the crash policy. */
function heldForText(heldFor: string | null): string | null {
  if (heldFor === HELD_FOR_PAUSE) return 'a pause of its program'
  return isHeldForMove(heldFor) ? 'a move to another database that has not finished' : heldFor
}

/** Neither begun nor over. */
export function isWaiting({ state }: TaskFacts): boolean {
  return state === 'ready' || state === 'scheduled' || state === 'held'
}

/** What is shown of a param is all of it, as it is. */
function isWhole(shown: readonly string[], { param, paramBytes }: TaskFacts): boolean {
  return shown.join('\n') === param && Buffer.byteLength(param) === paramBytes
}

function retryText({ list, of, unreadable }: RetryInForce): string {
  const whose = { row: 'its own', worker: "its worker's", default: 'QUEUE_RETRY, unless its job has another' }[of]
  const bad = unreadable === undefined ? '' : `; its own "${readableLine(unreadable, LONGEST_REASON)}" cannot be read`
  return `${list === '' ? 'none' : list} (${whose}${bad})`
}

function workerText({ worker, workerId }: TaskFacts): string | null {
  if (workerId === null) return null
  if (worker === null) return `number ${workerId}, which has left`
  const lease = worker.leaseRunning ? 'its lease is running' : 'its lease is over'
  return `${worker.host}:${worker.pid}, shard ${worker.shard}/${worker.total}, ${lease}`
}

function outputText(output: OutputPlace | null, logsDirectory: string): string | null {
  return output === null
    ? null
    : `${amount(output.bytes, 'byte')} at ${output.offset} of ${join(logsDirectory, output.file)}`
}

function labelled(label: string, value: Fact[1]): string[] {
  if (value === null) return []
  const lines = typeof value === 'string' ? [value] : value
  return lines.map((line, i) => `${(i === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`.trimEnd())
}

function pastLines({ past, now }: TaskFacts, options: ShowOptions): string[] {
  if (past.length === 0) return []
  const head =
    past.length === PAST_ATTEMPTS
      ? `The last ${PAST_ATTEMPTS} attempts that did not finish it:`
      : 'Attempts that did not finish it:'
  return [head, ...past.map((it) => `  ${pastLine(it, now, options)}`)]
}

function pastLine(
  { attempt, outcome, startedAt, finishedAt, error, output }: PastAttempt,
  now: number,
  options: ShowOptions,
): string {
  const at = startedAt === null ? 'at a time not known' : timeText(options.zone, startedAt, now)
  const took = startedAt === null || finishedAt === null ? '' : ` for ${formatDuration(finishedAt - startedAt)}`
  const reason = error === null ? outcome : readableLine(error, LONGEST_REASON)
  const where = outputText(output, options.logsDirectory)
  return `${attempt}  ${at}${took}: ${reason}${where === null ? '' : `; ${where}`}`
}

function prospectLines(task: TaskFacts, prospect: Prospect, { zone }: ShowOptions): string[] {
  const { id, runAt, now, expiresAt } = task
  const { when, attempts, end } = prospect
  if (when === 'never') return []
  const expiry = expiresAt === null ? '' : timeText(zone, expiresAt, now)
  if (when === 'ifRetried' && attempts.length === 0)
    return [`"queuectl retry ${id}" refuses it, because it expired ${expiry}; --drop-expiry runs it all the same.`]

  const isPrompt = when === 'ifRetried' || (when !== 'ifItFails' && runAt <= now)
  const times = attempts.map(({ attempt, at }, i) => {
    if (i === 0 && isPrompt) return `${attempt}  as soon as a worker takes it`
    return `${attempt}  ${i === 0 ? 'not before' : 'about'} ${timeText(zone, at, now)}`
  })
  const then = times.length === 0 ? 'it' : 'then it'
  const ends = {
    more: 'and so on',
    failed: `${then} has failed`,
    expired: `${then} fails, because it ${expiresAt !== null && expiresAt <= now ? 'expired' : 'expires'} ${expiry}`,
  }
  return [HEADS[when](id), ...[...times, ends[end]].map((line) => `  ${line}`)]
}

const HEADS = {
  coming: () => 'Next attempts, if each of them fails at once:',
  ifItFails: () => 'If this attempt fails now, and each of these at once:',
  ifReleased: (id: number) => `With "queuectl release ${id}" now, if each of these fails at once:`,
  ifRetried: (id: number) => `With "queuectl retry ${id}" now it begins anew; if each of these fails at once:`,
} as const
