/**
 * Event lines: what the programs say about themselves, one line each.
 *
 *     2026-11-20T18:04:05.123+01:00 web-1 4711 2/10 task-done id=42 task=send-msg attempt=1 ms=12 bytes=120
 *
 * time, host, pid, shard (`-` where there is none), the event's name, then `key=value`. A value with a blank or a control
 * character is written as a JSON string, so a line stays a line. As JSON the same facts are one object a line.
 */
import { localTime } from '../time/zone.ts'

/** Every event there is, and when it is logged. ARCHITECTURE.md lists them for operators. */
export type EventName =
  // do-queue
  | 'worker-start' // seats taken, about to claim
  | 'worker-end' // left, with what it did
  | 'shard-taken' // another live worker holds the shard
  | 'nice-refused' // the system does not give it the priority it was told to have
  | 'task-done'
  | 'task-retry' // not ok, another attempt is scheduled
  | 'task-failed' // not ok, none left
  | 'task-held' // crashed, and its policy is to wait for a person
  | 'task-cancelled' // cancelled while it ran
  | 'task-output' // what a task printed that could not be logged before
  | 'result-reduced' // the database refused a result as it was: booked without its output, times and error text
  | 'claim-lost' // a result was refused: the row was no longer ours
  | 'queue-paused' // claims no more, and gives back what has not started
  | 'queue-resumed' // the pause is over, and the worker has stayed
  | 'drain' // claims no more, lets programs finish
  | 'stop' // ends the programs
  | 'runner-lost' // a runner ended although it had a program
  | 'database-lost' // said once, then asked again until it answers
  | 'database-back' // answers again, and the work goes on
  | 'worker-adopted' // a dead worker's directory was taken over; what its programs did will be booked
  | 'worker-expired' // a worker of another host was not heard from for a whole lease
  | 'rescue-failed' // a dead worker could not be cleared up after; tried again
  | 'lease-expiring' // it cannot be renewed: programs are stopped, and nothing is started until it is
  | 'lease-lost' // another worker was given our shard
  | 'log-failed' // the log cannot be written: claims no more
  // cron-mission
  | 'tick'
  | 'job-started'
  | 'job-skipped' // it is not started: empty, overlap, paused, stopped, load, condition, blocked
  | 'job-waiting' // a later tick decides again
  | 'job-missed' // nobody was there in time
  | 'job-failed' // could not be started
  | 'job-ended' // a run of its command has ended
  | 'job-printed' // what a function of the schedule printed
  | 'clock' // it differs from the database's, or was set back
  | 'schedule-problem' // an entry, or the whole file, cannot be used
  // cron-mission daemon
  | 'daemon-start'
  | 'daemon-end'
  | 'worker-restarted' // it had died, and is to be at work always
  // cron-mission restart
  | 'worker-replaced' // others have come in its place
  // queuectl intake
  | 'intake-start'
  | 'intake-end' // with what it took, and why it left
  | 'items-taken' // a batch of them became tasks
  | 'item-rejected' // it is no task, and why
  | 'redis-lost' // said once, then tried again until it answers
  | 'redis-back'

export type FieldValue = string | number | boolean | null | undefined
export type Fields = Readonly<Record<string, FieldValue>>
export type LogFormat = 'text' | 'json'

export interface EventSource {
  readonly host: string
  readonly pid: number
  /** `2/10`, `0-3/10`, or `-`. */
  readonly shard: string
}

/** @param at  UTC milliseconds */
export function eventLine(
  format: LogFormat,
  zone: string,
  at: number,
  source: EventSource,
  event: EventName,
  fields: Fields,
): string {
  const time = localTime(zone, at)
  const { host, pid, shard } = source
  if (format === 'json') return `${JSON.stringify({ time, host, pid, shard, event, ...fields })}\n`
  let line = `${time} ${host} ${pid} ${shard} ${event}`
  for (const key in fields) {
    const value = fields[key]
    if (value !== undefined && value !== null) line += ` ${key}=${typeof value === 'string' ? word(value) : value}`
  }
  return `${line}\n`
}

/** Nearly every word; to compile what tells of all characters takes longer than a line. */
const PLAIN_ASCII = /^[!#-<>-~]+$/
const PLAIN_WORD = /^[^\s"=\p{Cc}]+$/u

function word(value: string): string {
  return PLAIN_ASCII.test(value) || PLAIN_WORD.test(value) ? value : JSON.stringify(value)
}
