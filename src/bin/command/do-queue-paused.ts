/**
 * Whoever starts a worker by hand is told that its queue is paused. A tick asks before it starts one, and tells nobody.
 */
import { Complaint, EXIT } from '../../exit.ts'
import type { Driver } from '../../queue/driver.ts'
import { queuePauseReason } from '../../queue/pause-words.ts'
import { pauseOfQueue, queuePauses } from '../../queue/store/queue-pause.ts'
import type { Plan } from './do-queue-plan.ts'

/** @throws Complaint (busy) while the queue is paused */
export async function refusePaused(db: Driver, { queue, job, settings }: Plan): Promise<void> {
  if (job !== null) return
  const pause = pauseOfQueue(await queuePauses(db), queue)
  if (pause !== undefined)
    throw new Complaint(EXIT.busy, `Nothing is started: ${queuePauseReason(pause, settings.timezone)}.`)
}
