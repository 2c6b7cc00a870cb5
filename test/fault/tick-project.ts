/**
 * A project whose every slot leaves a trace that no database is asked for: each run of a command, and each start of a worker,
 * writes a line into a file.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { slotText } from '../../src/queue/exec-queue.ts'
import { type LedgerSlot, slotsOf } from '../../src/queue/store/read-slot.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import type { Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'

export interface TickProject extends QueueProject {
  readonly jobs: readonly string[]
  /** A minute of these ticks, as `--at` takes it. */
  minute(number: number): string
  /** Waits until every run that is to come has been: the runs as `job slot`, sorted. */
  settled(runs: number): Promise<string[]>
  ledger(): Promise<LedgerSlot[]>
}

const BEGIN = Date.UTC(2026, 10, 20, 18)
const MINUTE_MS = 60_000

/** @param count  jobs, each due in every minute; the commands may run beside each other, so that every slot is run */
export async function tickProject(t: TestContext, database: Database, count: number): Promise<TickProject> {
  const jobs = Array.from({ length: count }, (_, i) => `job${i}`)
  const one = (job: string, i: number) =>
    i % 5 === 4
      ? `${job}: { when: every('1m'), catchUp: { policy: 'all', within: '7d', max: 1000 }, enqueue: ({ job, slot }) => [{ task: 'note', param: job + ' ' + slot.toISOString().slice(0, 19) + 'Z' }] }`
      : `${job}: { when: every('1m'), catchUp: { policy: 'all', within: '7d', max: 1000 }, overlap: 'allow', exec: ['sh', '-c', 'echo "$JOB_ID $JOB_SLOT" >> runs'] }`
  const schedule = `
    import { defineSchedule, every } from 'cron-mission'
    export default defineSchedule({ timezone: 'UTC', jobs: { ${jobs.map(one).join(',\n')} } })`
  const note = '#!/bin/sh\necho "$1" >> runs\n'
  const project = await queueProject(t, database, { schedule, tasks: { note } })
  return {
    ...project,
    jobs,
    minute: (number) => slotText(BEGIN + number * MINUTE_MS),
    ledger: () => slotsOf(project.db, {}, 100_000),
    async settled(runs) {
      await waitFor(() => project.lines('runs').length >= runs, { what: `${runs} runs`, timeoutMs: 60_000 })
      return project.lines('runs').toSorted()
    },
  }
}

/** Every job of each minute was run, and once. */
export function assertOnce({ jobs, minute }: TickProject, minutes: number, runs: readonly string[]): void {
  const expected = jobs.flatMap((job) => Array.from({ length: minutes }, (_, i) => `${job} ${minute(i)}`))
  assert.deepEqual(runs, expected.toSorted())
}
