/**
 * Taking the place of a daemon: whoever runs is asked to leave without its workers, and waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { livingDaemons } from './daemon-mark.ts'

/** To a daemon: leave, and leave the workers at work. One of an earlier version dies of it, which comes to the same. */
export const HAND_OVER = 'SIGUSR2'

const LOOK_MS = 30

export interface Replaced {
  /** The pids of those that were asked. */
  readonly asked: readonly number[]
  /** Of these, those that had not left in time. */
  readonly notLeft: readonly number[]
}

export async function replaceDaemons(stateDirectory: string, timeoutMs: number): Promise<Replaced> {
  const deadline = performance.now() + timeoutMs
  const asked = livingDaemons(stateDirectory)
  for (const pid of asked) {
    try {
      process.kill(pid, HAND_OVER)
    } catch {
      // It has left, or it is another user's and is told as one that does not answer.
    }
  }
  for (;;) {
    const living = livingDaemons(stateDirectory)
    const notLeft = asked.filter((pid) => living.includes(pid))
    if (notLeft.length === 0 || performance.now() >= deadline) return { asked, notLeft }
    await sleep(LOOK_MS)
  }
}
