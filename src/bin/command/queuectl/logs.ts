/** `queuectl logs`: what a task printed, byte for byte, from the log; or from its worker's own files while it runs. */
import { isUtf8 } from 'node:buffer'
import { type ChosenOutput, chooseOutput, type LiveChoice } from '../../../ctl/choose-output.ts'
import { parseTaskId } from '../../../ctl/task-ids.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import type { Driver } from '../../../queue/driver.ts'
import { wholeNumber } from '../../flags.ts'
import { printBytes, printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'
import { followOutput } from './logs-follow.ts'
import { Live } from './logs-live.ts'
import { hint, type Print, printPlace } from './print-output.ts'

export interface LogsFlags {
  readonly id: string
  readonly attempt?: string | undefined
  readonly follow?: boolean | undefined
  readonly json?: boolean | undefined
}

const MOST_ATTEMPTS = 65_535

export async function logs(flags: LogsFlags, settings: Settings): Promise<number> {
  const id = parseTaskId(flags.id)
  const attempt = wholeNumber('attempt', flags.attempt, 1, MOST_ATTEMPTS)
  const isFollowed = flags.follow === true
  if (flags.json === true && isFollowed)
    throw new Complaint(EXIT.usage, '--json prints one object when all is known. Leave out --follow, or --json.')
  await withTasks(settings, async (db) => {
    if (isFollowed) return followOutput(db, id, attempt, settings, printBytes)
    const chosen = await chooseOutput(db, id, attempt, false)
    return flags.json === true ? printWhole(db, id, chosen, settings) : print(db, id, chosen, settings, printBytes)
  })
  return EXIT.ok
}

interface Printed {
  readonly attempt: number | null
  readonly path: string | null
  readonly offset: number | null
}

async function print(db: Driver, id: number, chosen: ChosenOutput, settings: Settings, to: Print): Promise<Printed> {
  switch (chosen.kind) {
    case 'booked': {
      const { attempt, output } = chosen
      if (output === null || output.bytes === 0)
        hint(`${attempt === null ? 'It' : `Attempt ${attempt} of task ${id}`} printed nothing.`)
      const path = output === null ? null : await printPlace(id, output, 0, settings, to)
      return { attempt, path, offset: output?.offset ?? null }
    }
    case 'live':
      return printLive(db, id, chosen, settings, to)
    case 'to-come':
      throw new Complaint(
        EXIT.busy,
        `Task ${id} has not run${chosen.run.attempts > 0 ? ' again' : ''} yet. "queuectl why ${id}" says why; "queuectl logs -f ${id}" waits for it.`,
      )
  }
}

/** What it has printed so far; all of it when it ends in this moment. */
async function printLive(db: Driver, id: number, chosen: LiveChoice, settings: Settings, to: Print): Promise<Printed> {
  const { attempt } = chosen
  const live = new Live(db, id, chosen)
  try {
    const booked = await live.printSoFar(to)
    const { output } = live
    if (booked === undefined) {
      if (output === undefined || output.given === 0) hint(`Task ${id} has printed nothing so far.`)
      return { attempt, path: output?.path ?? null, offset: output?.offset ?? null }
    }
    if (booked === null) return { attempt, path: null, offset: null }
    const path = await printPlace(id, booked, output?.given ?? 0, settings, to)
    return { attempt, path, offset: booked.offset }
  } finally {
    live.close()
  }
}

/** Stable names, documented; `text` is base64 where the bytes are no UTF-8. */
async function printWhole(db: Driver, id: number, chosen: ChosenOutput, settings: Settings): Promise<void> {
  const parts: Buffer[] = []
  const collect: Print = async (bytes) => {
    parts.push(Buffer.from(bytes))
    return true
  }
  const printed = await print(db, id, chosen, settings, collect)
  const all = Buffer.concat(parts)
  const encoding = isUtf8(all) ? 'utf8' : 'base64'
  const facts = { id, ...printed, bytes: all.length, encoding, text: all.toString(encoding) }
  printJson(facts)
}
