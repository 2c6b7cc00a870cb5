/** What is wrong with the schedule, for the board: hosts without ticks, jobs that do not go well, what is stopped or paused. */
import type { Problem } from '../../../ctl/top/problems.ts'
import type { Driver } from '../../../queue/driver.ts'
import { sinceAndBy } from '../../../queue/pause-words.ts'
import { incidentTexts } from '../../../queue/store/incident.ts'
import { type Stop, stops } from '../../../queue/store/stop.ts'
import type { TickRow } from '../../../queue/store/tick-row.ts'
import { incidentOf } from '../../../schedule/incident/settle-incidents.ts'
import { type Silence, silenceOf, silenceSentence, silentHosts } from '../../../schedule/report/silence.ts'
import { pastWord, place, subject } from '../../../schedule/stop/stop-words.ts'
import { minuteText } from '../../../time/time-text.ts'

/** A host that has been silent for longer was taken out of service, as long as another one ticks. */
const GONE_AFTER_MS = 86_400_000

/** @param ticks  the last one of every host; where none was ever seen, nobody uses a schedule */
export async function scheduleTroubles(
  db: Driver,
  { ticks, now, zone }: { readonly ticks: readonly TickRow[]; readonly now: number; readonly zone: string },
): Promise<Problem[]> {
  return [
    ...silences(ticks, now).map((silence): Problem => ({ kind: 'no-tick', text: silenceSentence(silence) })),
    ...(await incidents(db, zone)),
    ...(await stops(db)).map(
      (stop): Problem => ({ kind: stop.kind === 'stop' ? 'stopped' : 'paused', text: stopText(stop, zone) }),
    ),
  ]
}

function silences(ticks: readonly TickRow[], now: number): Silence[] {
  const all = silenceOf({ ticks, now })
  if (all !== undefined) return [all]
  return silentHosts({ ticks, now }).filter(({ silentMs }) => silentMs < GONE_AFTER_MS)
}

async function incidents(db: Driver, zone: string): Promise<Problem[]> {
  const texts = await incidentTexts(db)
  return [...texts].flatMap(([job, text]) => {
    const { open } = incidentOf(text)
    if (open === undefined) return []
    return { kind: 'incident', text: `Job ${job} has not gone well since ${minuteText(zone, open.since)}.` }
  })
}

function stopText(stop: Stop, zone: string): string {
  const why = stop.reason === undefined ? '' : `: ${stop.reason}`
  return `${subject(stop, 'is', 'are')} ${pastWord(stop)} ${place(stop)} ${sinceAndBy(stop, zone)}${why}.`
}
