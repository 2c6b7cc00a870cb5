/**
 * What the last tick of each host tells: silence, schedules that differ, and clocks that do.
 *
 * A tick's row has the minute by the clock of its host, and the moment of writing by the database's.
 */

import { wholeSeconds } from '../../doctor/clock.ts'
import { type Finding, note, problem } from '../../doctor/finding.ts'
import type { TickRow } from '../../queue/store/tick-row.ts'
import { MINUTE_MS } from '../../time/units.ts'
import { silenceSentence, silentHosts, type Ticks } from '../report/silence.ts'

/** Past its minute, a tick may have to be ended by its watchdog first. */
const LONGEST_TICK_MS = 50_000
const NOTED_MS = 1_000
/** A clock that is off by more is a problem for the schedule. */
export const WRONG_MS = 30_000
/** What has been silent for days was taken down. */
const GONE_MS = 7 * 86_400_000

export function tickFindings({ ticks, now }: Ticks, host: string): Finding[] {
  const recent = ticks.filter(({ at }) => now - at < GONE_MS)
  const silent = silentHosts({ ticks: recent, now })
  const findings = silent.map((one) =>
    (one.host === host ? problem : note)(
      'ticks',
      silenceSentence(one).replace(/: is the.*/, one.host === host ? HERE : THERE),
    ),
  )
  if (!recent.some((tick) => tick.host === host)) {
    findings.push(note('ticks', `No tick has come to its end on ${host} yet. Look again in two minutes.`))
  }
  const live = recent.filter((tick) => !silent.some((one) => one.host === tick.host))
  return [...findings, ...planFindings(live), ...live.filter((tick) => tick.host !== host).flatMap(hostClock)]
}

const HERE = '. The log cron-mission-….log says how far it came; if it says nothing, cron does not start it.'
const THERE = '. Run "cron-mission doctor" there.'

/** Whether a tick of this host has been there of late. */
export function hasTicked({ ticks, now }: Ticks, host: string): boolean {
  return ticks.some((tick) => tick.host === host && now - tick.at < 2 * MINUTE_MS)
}

function planFindings(live: readonly TickRow[]): Finding[] {
  const plans = Map.groupBy(live, ({ plan }) => plan)
  if (plans.size < 2) return []
  const groups = [...plans.values()].map((rows) => rows.map(({ host }) => host).join(' and '))
  return [
    note(
      'schedule',
      `The hosts run different schedules: ${groups.join('; ')}. Which of them starts a job is chance: deploy the same file to all.`,
    ),
  ]
}

/** Its tick began in that minute by its own clock, and was written at once, or after a minute at most. */
function hostClock({ host, minute, at }: TickRow): Finding[] {
  const ahead = minute - at
  const behind = at - minute - MINUTE_MS - LONGEST_TICK_MS
  const off = Math.max(ahead, behind)
  if (off < NOTED_MS) return []
  const sentence = `The clock of ${host} is at least ${wholeSeconds(off)} ${ahead > 0 ? 'ahead of' : 'behind'} the database's. Set it by NTP.`
  return [off > WRONG_MS ? problem('clock', sentence) : note('clock', sentence)]
}
