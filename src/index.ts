/**
 * The library: what a schedule file and a program that adds tasks import from `cron-mission`.
 */
export { Complaint, EXIT, type ExitCode } from './exit.ts'
export type { CrashPolicy } from './queue/crash-policy.ts'
export type { NewTask } from './queue/new-task.ts'
export { type AddOptions, type AddResult, openQueue, type Queue } from './queue/open-queue.ts'
export { decodeParams, encodeParams, type Params, type ParamValue } from './queue/params.ts'
export {
  type IsDueOptions,
  type NextOptions,
  type ParsedCron,
  parseCron,
} from './schedule/calendar/parse-cron.ts'
export {
  type CatchUp,
  defineSchedule,
  type EnqueueJob,
  type ExecJob,
  type Job,
  type JobContext,
  type JobOptions,
  type LastRun,
  type Notify,
  type Overlap,
  type QueueJob,
  type Schedule,
} from './schedule/language/define.ts'
export type { ClockTime, DayOfMonth, Duration, Interval, Weekday } from './schedule/language/literals.ts'
export {
  type After,
  type Always,
  after,
  always,
  cron,
  daily,
  every,
  hourly,
  monthly,
  once,
  type When,
  weekdays,
  weekly,
} from './schedule/language/when.ts'
