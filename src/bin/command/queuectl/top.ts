/**
 * `queuectl top`: the board of all queues. Live on a terminal; once, as text, in a pipe; as JSON, an object for each look.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { boardJson, noAnswerJson } from '../../../ctl/top/board-json.ts'
import { firstState, type Question } from '../../../ctl/top/board-state.ts'
import type { Wanted } from '../../../ctl/top/facts.ts'
import { frame } from '../../../ctl/top/frame.ts'
import { QUICKEST_MS } from '../../../ctl/top/interval.ts'
import { plainText } from '../../../ctl/top/line.ts'
import { BoardMemory, type LookOptions, look } from '../../../ctl/top/look.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { again } from '../../../queue/again.ts'
import type { Driver } from '../../../queue/driver.ts'
import { addQueuePause, queuePauses, removeQueuePauses } from '../../../queue/store/queue-pause.ts'
import { databaseText, parseQueueUrl } from '../../../queue/url.ts'
import { durationFlag } from '../../flags.ts'
import { exitCodeOf, leaveWhenAsked } from '../../leaving.ts'
import { whoAsks } from '../../operator.ts'
import { printJson, printLines } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'
import { type BoardOptions, type Look, runBoard } from './top-board.ts'
import { lookAtHost } from './top-host.ts'
import { painted } from './top-paint.ts'
import { scheduleTroubles } from './top-troubles.ts'
import { explainTask } from './why.ts'

export interface TopFlags {
  readonly interval?: string | undefined
  readonly queue?: string | undefined
  readonly once?: boolean | undefined
  readonly json?: boolean | undefined
}

const USUAL_INTERVAL_MS = 1_000
const LONGEST_INTERVAL_MS = 3_600_000
const USUAL_COLUMNS = 80
const PATIENCE_MS = 5_000

export async function top(flags: TopFlags, settings: Settings): Promise<number> {
  const intervalMs = intervalOf(flags.interval)
  return withTasks(settings, async (db) => {
    const memory = new BoardMemory()
    const { queue } = flags
    const first: Wanted = queue === undefined ? { kind: 'board' } : { kind: 'queue', queue }
    const place = databaseText(parseQueueUrl(settings.queueUrl, settings.directory))
    const { timezone: zone } = settings
    const lookAt = (wanted: Wanted) =>
      again(db.dialect, { forMs: 0 }, () => look(db, optionsOf(settings, queue, wanted, memory)))
    const options: BoardOptions = {
      ...{ place, zone, intervalMs, first },
      look: (wanted) => answered(db, lookAt(wanted)),
      change: (question) => change(db, question),
    }
    const facts = await lookAt(first)
    if (flags.json === true) {
      printJson(boardJson(facts, options))
      return flags.once === true ? EXIT.ok : printOn(options)
    }
    if (flags.once !== true && process.stdout.isTTY && process.env.TERM !== 'dumb') return runBoard(facts, options)
    const columns = process.stdout.columns || Number(process.env.COLUMNS) || USUAL_COLUMNS
    const lines = frame(facts, firstState(first, intervalMs), { place, zone, ageMs: 0 }, { columns, rows: undefined })
    const text = lines.map((line) => (process.stdout.isTTY ? painted(line).text : plainText(line)))
    printLines(text)
    return EXIT.ok
  })
}

function intervalOf(text: string | undefined): number {
  const ms = durationFlag('interval', text) ?? USUAL_INTERVAL_MS
  if (ms >= QUICKEST_MS && ms <= LONGEST_INTERVAL_MS) return ms
  throw new Complaint(EXIT.usage, `--interval is ${text}. Use a duration from ${QUICKEST_MS}ms to 1h.`)
}

function optionsOf(settings: Settings, queue: string | undefined, wanted: Wanted, memory: BoardMemory): LookOptions {
  const { timezone: zone } = settings
  return {
    ...{ queue, wanted, memory },
    troubles: (db, ticks, now) => scheduleTroubles(db, { ticks, now, zone }),
    host: lookAtHost,
    explain: (db, id) => explainTask(db, id, settings),
  }
}

/** What is no matter of the database is a defect, and ends the board. */
async function answered(db: Driver, looking: ReturnType<typeof look>): Promise<Look> {
  try {
    return { kind: 'facts', facts: await looking }
  } catch (error) {
    if (!(error instanceof Complaint)) throw error
    const { cause, message } = error
    const isAway = db.dialect.isConnectionLost(cause) || db.dialect.isUnavailable(cause)
    return { kind: 'away', why: isAway ? `The database does not answer: ${(cause as Error).message}.` : message }
  }
}

async function change(db: Driver, { act, queue }: Question): Promise<string> {
  const key = { queue, task: undefined }
  try {
    if (act === 'pause') {
      await addQueuePause(db, key, { by: whoAsks(), reason: null, until: null }, PATIENCE_MS)
      return `Queue ${queue} is paused. What runs goes on.`
    }
    const own = (await queuePauses(db)).filter((pause) => pause.task === undefined)
    if (!own.some((pause) => pause.queue === queue) && own.length > 0) {
      return 'Every queue is paused, not this one alone: "queuectl resume --all" lifts that.'
    }
    await removeQueuePauses(db, [key], PATIENCE_MS)
    return `Queue ${queue} goes on.`
  } catch (error) {
    if (!(error instanceof Complaint) && !db.dialect.isConnectionLost(error)) throw error
    return `Queue ${queue} was not ${act}d: ${(error as Error).message}`
  }
}

/** Until a signal comes, or nobody reads any more. */
async function printOn({ look, first, intervalMs, ...options }: BoardOptions): Promise<number> {
  const leaving = leaveWhenAsked()
  const unread = new AbortController()
  process.stdout.once('error', () => unread.abort())
  const over = AbortSignal.any([leaving.signal, unread.signal])
  for (;;) {
    await sleep(intervalMs, undefined, { signal: over }).catch(() => {})
    if (over.aborted) break
    const found = await look(first)
    printJson(found.kind === 'facts' ? boardJson(found.facts, options) : noAnswerJson(Date.now(), found.why, options))
  }
  leaving.end()
  return leaving.signal.aborted ? exitCodeOf(leaving.signal.reason) : EXIT.ok
}
