/**
 * A place for ticks: a database with our tables, jobs as a schedule file would say them, and a note of every process that
 * was started. The processes are real; what they would do is not needed here.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ownIdentity } from '../../../src/host/identity.ts'
import { DayLog } from '../../../src/log/day-log.ts'
import type { Driver } from '../../../src/queue/driver.ts'
import { type LedgerSlot, slotsOf } from '../../../src/queue/store/read-slot.ts'
import type { ProcessIdentity } from '../../../src/queue/store/seat.ts'
import { type PlannedJob, planSchedule } from '../../../src/schedule/language/plan.ts'
import { type TickOptions, type TickReport, tick } from '../../../src/schedule/tick/tick.ts'
import { afterwards, temporaryDirectory } from '../../helpers/cleanup.ts'
import type { Database } from '../../helpers/databases.ts'
import { waitFor } from '../../helpers/processes.ts'
import { openStore } from '../../queue/stores.ts'

export interface TickPlace {
  readonly db: Driver
  /** What a tick logs to, and starts processes with. */
  readonly surroundings: Pick<TickOptions, 'log' | 'launcher'>
  /** @param time  such as `2026-11-20T02:30`, UTC */
  tick(time: string, jobs: Jobs, options?: Partial<TickOptions>): Promise<TickReport>
  /** Verdicts by time, oldest first: `02:30 started`. */
  ledger(job?: string): Promise<string[]>
  slots(job?: string): Promise<LedgerSlot[]>
  /** The command lines of the processes that were started; waits for as many. */
  starts(count: number): Promise<string[][]>
}

export type Jobs = Readonly<Record<string, unknown>>

const NOTE_START = join(import.meta.dirname, '../../fixtures/commands/note-start.mjs')

/** Another process of another host, as one that died would be. */
export const OTHER: ProcessIdentity = { host: 'web-2', bootId: 'boot', pid: 7, pidStart: 7 }

export async function tickPlace(t: TestContext, database: Database): Promise<TickPlace> {
  const { db } = await openStore(t, database)
  const directory = temporaryDirectory(t)
  const notes = join(directory, 'notes')
  const source = { host: hostname(), pid: process.pid, shard: '-' }
  const log = new DayLog({ directory, name: 'cron-mission', zone: 'UTC', format: 'text', source })
  afterwards(t, () => log.close())
  const launcher = {
    doQueue: NOTE_START,
    directory,
    environment: { PATH: process.env.PATH, NOTES: notes },
    logDescriptor: () => log.today.fd,
    wait: false,
  }
  const lines = () => (existsSync(notes) ? readFileSync(notes, 'utf8').split('\n').slice(0, -1) : [])
  const slots = async (job?: string) =>
    (await slotsOf(db, job === undefined ? {} : { job }, 1_000)).toSorted((a, b) => a.slotAt - b.slotAt)
  return {
    db,
    surroundings: { log, launcher },
    tick: (time, jobs, options = {}) =>
      tick(db, planned(jobs), {
        minute: Date.parse(`${time}Z`),
        isNow: false,
        hash: JSON.stringify(jobs).slice(0, 1_000),
        self: ownIdentity(),
        log,
        launcher,
        functions: undefined,
        unreadable: [],
        ...options,
      }),
    slots,
    ledger: async (job) =>
      (await slots(job)).map(({ slotAt, verdict }) => `${new Date(slotAt).toISOString().slice(11, 16)} ${verdict}`),
    async starts(count) {
      await waitFor(() => lines().length >= count, { what: `${count} processes to be started` })
      return lines().map((line) => JSON.parse(line) as string[])
    },
  }
}

/** Jobs as they would stand in a schedule file; in UTC unless they say otherwise. */
export function planned(jobs: Jobs): PlannedJob[] {
  const plan = planSchedule({ timezone: 'UTC', jobs })
  assert.deepEqual(plan.problems, [])
  return plan.jobs
}
