/**
 * The library: what a schedule file and a program that adds tasks import from `cron-mission`.
 */
export { Complaint, EXIT, type ExitCode } from './exit.ts'
export type { NewTask } from './queue/new-task.ts'
export { type AddOptions, type AddResult, openQueue, type Queue } from './queue/open-queue.ts'
export { decodeParams, encodeParams, type Params, type ParamValue } from './queue/params.ts'
export { defineSchedule } from './schedule/language/define.ts'
export { cron, daily, every } from './schedule/language/when.ts'
