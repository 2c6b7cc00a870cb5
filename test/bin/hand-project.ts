/**
 * What the tests of `run`, `backfill`, `pause` and `status` share: a schedule with a job of each kind, commands that tell what
 * they did, and the ledger.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import type { LedgerSlot } from '../../src/queue/store/read-slot.ts'
import { slotsOf } from '../../src/queue/store/read-slot.ts'
import type { Database } from '../helpers/databases.ts'
import type { BinName, Ended } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

export const MINUTE_MS = 60_000

/** Says the slot, then adds `<slot> begin` and `<slot> end` to the file `ran`; what stands in between, a test says. */
const NOTE = (between: string) => `#!/bin/sh
echo "report for $JOB_SLOT"
echo "$JOB_SLOT begin" >>ran
${between}
echo "$JOB_SLOT end" >>ran
`

export interface HandProject extends QueueProject {
  /** Runs `cron-mission` to its end while workers go on. */
  ask(...args: readonly string[]): Promise<Ended>
  /** The rows of the ledger, the newest slot first. */
  ledger(job: string): Promise<LedgerSlot[]>
  /** Lines that the command wrote: `2026-11-20T02:30:00Z begin`. */
  ran(): string[]
}

export interface HandOptions {
  /** Options of the job `report`, besides its `when`. */
  readonly report?: string
  readonly bill?: string
  readonly reportWhen?: string
  readonly billWhen?: string
  /** What the command of `report` does, in shell. */
  readonly does?: string
}

export async function handProject(
  t: TestContext,
  database: Database,
  { report = '', bill = '', reportWhen = "daily('02:30')", billWhen = "every('1h')", does = ':' }: HandOptions = {},
): Promise<HandProject> {
  const project = await queueProject(t, database, {
    schedule: `import { after, daily, defineSchedule, every } from 'cron-mission'
export default defineSchedule({
  timezone: 'UTC',
  jobs: {
    mail: { when: every('1m'), queue: 'mail', shards: 2, grace: '1m' },
    report: { when: ${reportWhen}, exec: ['bin/report'], ${report} },
    bill: { when: ${billWhen}, enqueue: ({ slot }) => [{ task: 'tally', queue: 'bill', param: slot.toISOString() }], ${bill} },
  },
})
`,
  })
  mkdirSync(project.path('bin'))
  writeFileSync(project.path('bin', 'report'), NOTE(does))
  chmodSync(project.path('bin', 'report'), 0o755)
  return {
    ...project,
    ask: (...args) => project.start('cron-mission' satisfies BinName, args).exited,
    ledger: (job) => slotsOf(project.db, { job }, 1_000),
    ran: () => project.lines('ran'),
  }
}

/** A whole minute so many minutes ago. */
export function minuteAgo(minutes: number): number {
  return (Math.floor(Date.now() / MINUTE_MS) - minutes) * MINUTE_MS
}

/** As a command line takes it. */
export function timeText(at: number): string {
  return new Date(at).toISOString()
}
