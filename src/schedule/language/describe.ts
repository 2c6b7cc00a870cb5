/** When a job is due, in the words its schedule used. */
import type { When } from './when.ts'

export function describeWhen(when: readonly When[]): string {
  return when.map(describeOne).join(' and ')
}

function describeOne(when: When): string {
  switch (when.kind) {
    case 'cron':
      return `cron ${when.text}`
    case 'every':
      return `every ${when.interval}`
    case 'daily':
      return `daily ${when.times.join(', ')}`
  }
}
