/** A stop or a pause as JSON. */
import type { Stop } from '../../../queue/store/stop.ts'

export function stopFacts({ kind, job, host, by, since, until, reason }: Stop) {
  const pause = { until: until === undefined ? null : new Date(until).toISOString(), reason: reason ?? null }
  return { job, host, by, since: new Date(since).toISOString(), ...(kind === 'pause' ? pause : {}) }
}
