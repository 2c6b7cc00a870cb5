/**
 * `cron-mission pause`: nothing is started for a while, and what works goes on.
 *
 * A pause is of all hosts unless told otherwise, may say why, and may end by itself. `resume` with the same words lifts it.
 */

import { amount } from '../../../amount.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { sinceAndBy } from '../../../queue/pause-words.ts'
import { databaseNow } from '../../../queue/store/clock.ts'
import { addPause, type Paused } from '../../../queue/store/pause.ts'
import { countPrograms, EVERY, type Stop, type StopKey, workersUnder } from '../../../queue/store/stop.ts'
import { isAtWork } from '../../../schedule/stop/drain-workers.ts'
import { place, resumeCommand, subject } from '../../../schedule/stop/stop-words.ts'
import { whoAsks } from '../../operator.ts'
import { reasonFlag, untilFlag } from '../../pause-flags.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'
import { requireJob } from './find-job.ts'
import type { ScheduleFlags } from './schedule-path.ts'
import { stopFacts } from './stop-facts.ts'
import { zonesOf } from './usual-zone.ts'

export interface PauseFlags extends ScheduleFlags {
  readonly job?: string | undefined
  readonly reason?: string | undefined
  readonly until?: string | undefined
  readonly host?: string | undefined
  readonly 'this-host'?: boolean | undefined
  readonly json?: boolean | undefined
}

const PATIENCE_MS = 10_000
const HOST = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,252})$/

export async function pause(flags: PauseFlags, settings: Settings): Promise<number> {
  const key = { job: flags.job ?? EVERY, host: hostOf(flags) }
  const reason = reasonFlag(flags.reason)
  if (flags.job !== undefined) await requireJob(flags.job, flags, settings)
  const zone = (await zonesOf(flags, settings))(flags.job)
  return withDatabase(settings, async (db) => {
    const until = flags.until === undefined ? null : untilFlag(flags.until, zone, await databaseNow(db))
    const paused = await addPause(db, key, { by: whoAsks(), reason, until }, PATIENCE_MS)
    const atWork = await whatWorks(db, key)
    if (flags.json) {
      const { pause, before } = paused
      const was = before === undefined ? null : stopFacts(before)
      printJson({ ...stopFacts(pause), replaces: was, ...atWork })
    } else {
      process.stdout.write(`${sentences(paused, atWork, zone).join(' ')}\n`)
    }
    return EXIT.ok
  })
}

function hostOf({ host, 'this-host': thisHost }: PauseFlags): string {
  if (host === undefined) return thisHost ? ownIdentity().host : EVERY
  if (thisHost) throw new Complaint(EXIT.usage, 'Both --host and --this-host are given. Use one of them.')
  if (HOST.test(host)) return host
  throw new Complaint(EXIT.usage, `--host is "${host}". Use the name of one host, as "hostname" prints it there.`)
}

interface AtWork {
  readonly workers: number
  readonly programs: number
}

async function whatWorks(db: Driver, key: StopKey): Promise<AtWork> {
  const workers = await workersUnder(db, key)
  const living = workers.filter(isAtWork)
  return { workers: living.length, programs: await countPrograms(db, living) }
}

function sentences({ pause, before }: Paused, { workers, programs }: AtWork, zone: string): string[] {
  const why = pause.reason === undefined ? '' : ` (${pause.reason})`
  const goesOn =
    workers === 0
      ? 'None of its workers is at work.'
      : `What works goes on: ${amount(workers, 'worker')}, ${amount(programs, 'program')}.`
  return [
    `${subject(pause, 'is', 'are')} paused ${place(pause)} ${sinceAndBy(pause, zone)}${why}.`,
    ...(before === undefined ? [] : [`${replaced(before, zone)}`]),
    pause.job === EVERY && workers === 0 ? 'No worker is at work.' : goesOn,
    `"${resumeCommand(pause)}" lifts the pause.`,
  ]
}

function replaced(before: Stop, zone: string): string {
  const why = before.reason === undefined ? '' : ` (${before.reason})`
  return `This takes the place of the pause ${sinceAndBy(before, zone)}${why}.`
}
