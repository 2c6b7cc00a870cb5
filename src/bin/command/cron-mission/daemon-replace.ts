/**
 * `daemon --replace`: the daemon that runs leaves, and its workers stay.
 */
import { Complaint, EXIT } from '../../../exit.ts'
import { replaceDaemons } from '../../../schedule/daemon/replace-daemons.ts'
import { formatDuration } from '../../../time/duration.ts'
import type { Settings } from '../../settings.ts'

/** A daemon sees its tick to its end before it hands over; that one's own watchdog ends it within a minute. */
const TIMEOUT_MS = 90_000

/**
 * @returns the pids of those that have left
 * @throws Complaint (busy) naming one that does not answer
 */
export async function replaceOthers(
  { directory, stateDirectory }: Pick<Settings, 'directory' | 'stateDirectory'>,
  timeoutMs = TIMEOUT_MS,
): Promise<readonly number[]> {
  const { asked, notLeft } = await replaceDaemons(stateDirectory, timeoutMs)
  if (notLeft.length === 0) return asked
  throw new Complaint(
    EXIT.busy,
    `After ${formatDuration(timeoutMs)}, the daemon for ${directory} (${pidWords(notLeft)}) had not handed over. See what that process does, or end it, and give this command again.`,
  )
}

/** `pid 4711`, `pids 4711, 4712` */
export function pidWords(pids: readonly number[]): string {
  return `${pids.length === 1 ? 'pid' : 'pids'} ${pids.join(', ')}`
}
