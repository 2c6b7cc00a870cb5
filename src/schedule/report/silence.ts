/**
 * Silence: hosts on which no tick was seen for some minutes, though there should be one in each.
 *
 * Crontab starts a tick every minute, and each leaves a row. Where the last row has become old, crontab does not start it any
 * more, or it does not come to its end. The ages are by the database's clock, so no host's own clock matters.
 */
import type { TickRow } from '../../queue/store/tick-row.ts'
import { roughly } from '../../time/time-text.ts'

/** A tick may take most of its minute, and one that was missed is made up for by the next. */
export const SILENT_AFTER_MS = 180_000

export interface Silence {
  readonly host: string
  /** When the last tick came to its end: UTC milliseconds, by the database's clock. */
  readonly lastTickAt: number
  readonly silentMs: number
}

export interface Ticks {
  readonly ticks: readonly TickRow[]
  /** By the database's clock. */
  readonly now: number
}

/** The hosts whose last tick is too long ago, the one that was heard from last first. */
export function silentHosts({ ticks, now }: Ticks): Silence[] {
  return ticks
    .map(({ host, at }) => ({ host, lastTickAt: at, silentMs: Math.max(0, now - at) }))
    .filter(({ silentMs }) => silentMs > SILENT_AFTER_MS)
    .toSorted((a, b) => a.silentMs - b.silentMs || (a.host < b.host ? -1 : 1))
}

/** The host that ticked last, when none did of late; undefined while one does, and when none ever did. */
export function silenceOf(ticks: Ticks): Silence | undefined {
  const silent = silentHosts(ticks)
  return silent.length === ticks.ticks.length ? silent[0] : undefined
}

/** `The last tick on web-1 was 3h5m ago: is the crontab line there?` */
export function silenceSentence({ host, silentMs }: Silence): string {
  return `The last tick on ${host} was ${roughly(silentMs)} ago: is the crontab line there?`
}
