/** The pause of a queue or a task program as JSON; null stands for every one. */
import type { QueuePause } from '../../queue/store/queue-pause.ts'
import { isoTime } from '../../time/time-text.ts'

export function queuePauseFacts({ queue, task, by, since, until, reason }: QueuePause) {
  return {
    queue: queue ?? null,
    task: task ?? null,
    by,
    since: isoTime(since),
    until: isoTime(until),
    reason: reason ?? null,
  }
}
