/** A stop or a pause as JSON. */
import type { Stop } from '../../../queue/store/stop.ts'
import { isoTime } from '../../../time/time-text.ts'

export function stopFacts({ kind, job, host, by, since, until, reason }: Stop) {
  const pause = { until: isoTime(until), reason: reason ?? null }
  return { job, host, by, since: isoTime(since), ...(kind === 'pause' ? pause : {}) }
}
