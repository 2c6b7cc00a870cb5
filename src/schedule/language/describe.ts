/** When a job is due, in the words its schedule used. */
import { formatDuration } from '../../time/duration.ts'
import type { PlannedJob } from './plan.ts'
import type { When } from './when.ts'

/** `daily 02:30 and after import`, with what it leaves out: `every 5m, except cron * 0-6 * * *`. */
export function describeDue(job: Pick<PlannedJob, 'when' | 'except' | 'after' | 'always'>): string {
  const words = job.when.map(describeOne)
  if (job.after !== undefined) words.push(`after ${job.after.job}, within ${formatDuration(job.after.withinMs)}`)
  if (job.always) words.push('always')
  const except = job.except.length === 0 ? '' : `, except ${describeWhen(job.except)}`
  return `${words.join(' and ')}${except}`
}

export function describeWhen(when: readonly When[]): string {
  return when.map(describeOne).join(' and ')
}

function describeOne(when: When): string {
  switch (when.kind) {
    case 'cron':
      return `cron ${when.text}${when.days === undefined ? '' : ' (both day fields)'}`
    case 'every':
      return `every ${when.interval}${when.from === undefined ? '' : ` from ${when.from}`}`
    case 'hourly':
      return `hourly at minute ${when.minutes.join(', ')}`
    case 'daily':
      return `daily ${when.times.join(', ')}`
    case 'weekdays':
      return `weekdays ${when.times.join(', ')}`
    case 'weekly':
      return `weekly ${when.days.join(', ')} ${when.times.join(', ')}`
    case 'monthly':
      return `monthly ${when.days.join(', ')} ${when.times.join(', ')}`
    case 'once':
      return `once ${when.time}`
  }
}
