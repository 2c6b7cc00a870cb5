/**
 * Leaving in good order: Ctrl-C and its like are heard between two steps of what is under way.
 *
 * The second one ends the process at once, as if nobody had listened.
 */
import { constants } from 'node:os'

export interface Leaving {
  /** Its reason is the name of the signal that was received. */
  readonly signal: AbortSignal
  /** From here on a signal ends the process again. */
  end(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function leaveWhenAsked(): Leaving {
  const leaving = new AbortController()
  const receive = (signal: NodeJS.Signals) => {
    if (!leaving.signal.aborted) return leaving.abort(signal)
    end()
    process.kill(process.pid, signal)
  }
  const end = () => {
    for (const signal of SIGNALS) process.off(signal, receive)
  }
  for (const signal of SIGNALS) process.on(signal, receive)
  return { signal: leaving.signal, end }
}

/** As a shell tells of a process that a signal ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}
