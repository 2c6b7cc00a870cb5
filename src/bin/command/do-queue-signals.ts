/**
 * Signals to a worker: the first drains, the second stops, the third leaves at once, so that the next worker or tick clears
 * up. A terminal that is closed (SIGHUP) is a signal like the others. SIGUSR2 tells it to look in its row, where it is said how
 * it is to leave.
 *
 * They are held from before its seats can be seen until there is something to drain, and again when that is over: whoever
 * finds a worker's row may send one at once, and a worker that died of it would leave the row behind.
 */
import { EXIT } from '../../exit.ts'
import type { Work } from '../../worker/work.ts'

export interface Signals {
  /** @param look  looks in the worker's row */
  obeyWith(work: Work, look: () => void): void
  /** The work is over: one signal is held, a second one ends the process. */
  hold(): void
  end(): void
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
const LOOK_SIGNAL = 'SIGUSR2'

export function takeSignals(): Signals {
  const held: NodeJS.Signals[] = []
  let work: Work | undefined
  let look: (() => void) | undefined
  let mustLook = false
  let asked = 0

  const obey = (work: Work) => {
    for (const signal of held.splice(0)) {
      asked++
      if (asked === 1) work.drain(signal)
      else if (asked === 2) work.stop(`${signal} again`)
      else process.exit(EXIT.busy)
    }
  }
  const receive = (signal: NodeJS.Signals) => {
    held.push(signal)
    if (work !== undefined) {
      obey(work)
    } else if (held.length > 1) {
      end()
      process.kill(process.pid, signal)
    }
  }
  const end = () => {
    for (const signal of STOP_SIGNALS) process.off(signal, receive)
    process.off(LOOK_SIGNAL, heed)
  }
  /** When the work is over already, it leaves as it is. */
  const heed = () => {
    if (look === undefined) mustLook = true
    else look()
  }

  for (const signal of STOP_SIGNALS) process.on(signal, receive)
  process.on(LOOK_SIGNAL, heed)
  return {
    obeyWith(given, lookGiven) {
      work = given
      look = lookGiven
      if (mustLook) look()
      obey(given)
    },
    hold() {
      work = undefined
    },
    end,
  }
}
