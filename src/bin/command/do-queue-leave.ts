/**
 * Leaving in the way that somebody asked for.
 */
import type { LeaveHow } from '../../queue/leave-how.ts'
import type { Work } from '../../worker/work.ts'

export const LEAVE: Readonly<Record<LeaveHow, (work: Work) => void>> = {
  'hand over': (work) => work.handOver('cron-mission restart'),
  drain: (work) => work.drain('cron-mission drain', Number.POSITIVE_INFINITY),
  stop: (work) => work.drain('cron-mission stop'),
  'stop now': (work) => work.stop('cron-mission stop --now'),
  kill: (work) => work.kill('cron-mission stop --kill'),
}
