/**
 * `queuectl logs -f`: from what an attempt has printed so far to its last byte, each of them once.
 *
 * While the program runs, bytes come from its slot's file. When it has ended, the row says where all of them stand and how many
 * they are, and what was not printed yet comes from there. Ctrl-C ends the command as it ends any other.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { chooseOutput, type ToCome } from '../../../ctl/choose-output.ts'
import { again } from '../../../queue/again.ts'
import type { Driver } from '../../../queue/driver.ts'
import { timeText } from '../../../time/time-text.ts'
import type { Settings } from '../../settings.ts'
import { Live } from './logs-live.ts'
import { hint, type Print, printPlace } from './print-output.ts'

/** How often the file is looked at, and how often the database is asked whether the attempt is over. */
const LOOK_MS = 100
const ASK_MS = 1_000
/** Its worker's files may go a moment before its row changes. */
const GONE_MS = 5_000
const PATIENCE_MS = 60_000

export async function followOutput(
  db: Driver,
  id: number,
  attempt: number | undefined,
  settings: Settings,
  to: Print,
): Promise<void> {
  let waiting: ToCome | undefined
  for (;;) {
    const chosen = await again(db.dialect, { forMs: PATIENCE_MS }, () => chooseOutput(db, id, attempt, true))
    if (chosen.kind === 'booked') {
      if (chosen.output !== null) await printPlace(id, chosen.output, 0, settings, to)
      return
    }
    if (chosen.kind === 'live') {
      if (await followLive(new Live(db, id, chosen), id, settings, to)) return
    } else {
      // One that began and failed between two looks was waited for, too.
      const { last } = chosen
      if (waiting !== undefined && last !== undefined && last.rowId !== waiting.last?.rowId) {
        if (last.output !== null) await printPlace(id, last.output, 0, settings, to)
        return
      }
      if (waiting === undefined) hint(waitingText(chosen, settings))
      waiting ??= chosen
    }
    await sleep(LOOK_MS)
  }
}

function waitingText({ run: { id, state, attempts, runAt, now } }: ToCome, { timezone }: Settings): string {
  const until = runAt > now ? ` not before ${timeText(timezone, runAt, now)}` : ''
  const last = attempts === 0 ? '' : ` What attempt ${attempts} printed: "queuectl logs ${id}".`
  return `Task ${id} is ${state}; waiting for it to begin${until}.${last}`
}

/** @returns false when it was given back without having begun */
async function followLive(live: Live, id: number, settings: Settings, to: Print): Promise<boolean> {
  const begunAt = performance.now()
  let askedAt = Number.NEGATIVE_INFINITY
  try {
    for (;;) {
      const place = await live.find()
      const state = await live.printMore(to)
      if (state === 'unwanted') return true
      if (state === 'ended' || place === 'gone' || performance.now() - askedAt >= ASK_MS) {
        askedAt = performance.now()
        const booked = await live.booked()
        if (booked === 'given-back' && live.output === undefined) return false
        if (booked === null || booked === 'given-back') await live.printRest(to)
        else if (booked !== undefined) await printPlace(id, booked, live.output?.given ?? 0, settings, to)
        if (booked !== undefined) return true
      }
      if (place === 'gone' && performance.now() - begunAt > GONE_MS) throw live.lost()
      await sleep(LOOK_MS)
    }
  } finally {
    live.close()
  }
}
