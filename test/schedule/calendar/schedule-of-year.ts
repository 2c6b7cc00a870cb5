/** A schedule of fifty jobs as a large site has it: several every minute, most at night, in three zones. */
import type { PlannedJob } from '../../../src/schedule/language/plan.ts'
import type { When } from '../../../src/schedule/language/when.ts'
import { plannedJob } from '../planned-job.ts'

const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo']

export function scheduleOfYear(): PlannedJob[] {
  return Array.from({ length: 50 }, (_, i) =>
    plannedJob(
      { kind: 'queue', queue: `queue-${i}`, shards: 1 + (i % 4) },
      { id: `job-${i}`, when: [wordOf(i)], timezone: ZONES[i % ZONES.length] ?? 'UTC' },
    ),
  )
}

/** The same as the text of a `schedule.json`. */
export function scheduleOfYearJson(): string {
  const jobs = scheduleOfYear().map(({ id, when, timezone, work }) => {
    const { kind: _, ...does } = work
    return [id, { when: when[0], timezone, ...does }]
  })
  return JSON.stringify({ timezone: 'Europe/Berlin', jobs: Object.fromEntries(jobs) })
}

function wordOf(i: number): When {
  if (i < 6) return { kind: 'every', interval: '1m' }
  if (i < 12) return { kind: 'cron', text: '*/5 * * * *' }
  if (i < 22) return { kind: 'hourly', minutes: [(i * 7) % 60] }
  if (i < 30) return { kind: 'cron', text: `*/10 ${6 + (i % 4)}-18 * * mon-fri` }
  return { kind: 'daily', times: [`${String(i % 5).padStart(2, '0')}:${String((i * 11) % 60).padStart(2, '0')}`] }
}
