/**
 * `queuectl retry`, `cancel`, `hold` and `release` by filter: shows the first few and how many there are, asks where a person
 * sits at a terminal, and changes them in small batches. It can be stopped between any two of them.
 */

import { grouped } from '../../../amount.ts'
import { type CarriedOut, type CarryOutOptions, carryOut } from '../../../ctl/change/carry-out.ts'
import { type ChangeTally, questionOf } from '../../../ctl/change/change-tally.ts'
import { type ChangeVerb, changeFacts } from '../../../ctl/change/change-verb.ts'
import { jsonText } from '../../../ctl/json-lines.ts'
import { PATIENCE_MS } from '../../../ctl/patience.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import type { Driver } from '../../../queue/driver.ts'
import type { Change } from '../../../queue/store/change.ts'
import { asOfNow, type BoundedSelection, type SelectedOptions } from '../../../queue/store/change-selected.ts'
import { databaseNow } from '../../../queue/store/clock.ts'
import { listTasks } from '../../../queue/store/list-tasks.ts'
import type { Selection } from '../../../queue/store/selection.ts'
import { confirm } from '../../confirm.ts'
import { wholeNumber } from '../../flags.ts'
import { leaveWhenAsked } from '../../leaving.ts'
import { printBytes, printLines } from '../../print.ts'
import { progressBar } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'
import { type FilterFlags, readSelection } from './filter-flags.ts'
import { taskTable } from './task-table.ts'

export interface ChangeFlags extends FilterFlags {
  readonly json?: boolean | undefined
  readonly limit?: string | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly 'drop-expiry'?: boolean | undefined
  readonly yes?: boolean | undefined
}

interface Work {
  readonly db: Driver
  readonly verb: ChangeVerb
  readonly selection: BoundedSelection
  readonly options: SelectedOptions
}

/** A person does not wait longer than this to be asked. */
const COUNT_MS = 3_000

/** @returns ok, also when no task was so; busy when it was told to stop */
export async function changeByFilter(
  verb: ChangeVerb,
  ids: readonly number[] | undefined,
  flags: ChangeFlags,
  settings: Settings,
): Promise<number> {
  const limit = wholeNumber('limit', flags.limit, 1, Number.MAX_SAFE_INTEGER)
  selectionOf(verb, flags, settings, Date.now()) // what is wrong with the flags is said first
  const options = { ids, limit, dropExpiry: flags['drop-expiry'] === true, patienceMs: PATIENCE_MS }
  return withTasks(settings, async (db) => {
    const selection = await asOfNow(db, selectionOf(verb, flags, settings, await databaseNow(db)), PATIENCE_MS)
    const work = { db, verb, selection, options }
    return flags['dry-run'] ? foretell(work, flags, settings) : ask(work, flags, settings)
  })
}

/** Who names no state means those that the verb usually is for: nobody runs by accident again what is done. */
function selectionOf(verb: ChangeVerb, flags: ChangeFlags, { timezone }: Settings, now: number): Selection {
  const selection = readSelection(flags, timezone, now)
  const other = selection.states?.find((state) => !verb.isFor.includes(state))
  if (other === undefined) return { ...selection, states: selection.states ?? verb.usually }
  const states = eitherOf(verb.isFor)
  throw new Complaint(EXIT.usage, `--status is ${flags.status}, and ${verb.verb} is for tasks that are ${states}.`)
}

/** Which states were meant is said where nobody named them: else it looks as if nothing were there. */
function noneOf({ usually }: ChangeVerb, { status }: ChangeFlags): string {
  return status === undefined ? `There is no such task that is ${eitherOf(usually)}.` : 'There is no such task.'
}

function eitherOf(states: readonly string[]): string {
  return states.length < 2 ? states.join('') : `${states.slice(0, -1).join(', ')} or ${states.at(-1)}`
}

async function foretell(work: Work, flags: ChangeFlags, settings: Settings): Promise<number> {
  const { tally, isWhole } = await withBar(work, { dryRun: true, label: 'looking', print: flags.json })
  if (!flags.json) {
    await preview(work.db, tally, settings, process.stdout)
    const [first, ...notes] = tally.lines()
    const what = tally.isEmpty ? noneOf(work.verb, flags) : `Nothing was changed. Without --dry-run: ${first}`
    printLines([what, ...notes, ...(isWhole ? [] : ['It was stopped before all were looked at.'])])
  }
  return isWhole ? EXIT.ok : EXIT.busy
}

async function ask(work: Work, flags: ChangeFlags, settings: Settings): Promise<number> {
  let total: number | undefined
  if (process.stderr.isTTY) {
    const { tally, isWhole, isStopped } = await withBar(work, { dryRun: true, label: 'counting', forMs: COUNT_MS })
    const mayAsk = !flags.yes && process.stdin.isTTY && (tally.changed > 0 || !isWhole)
    if (isStopped || (mayAsk && !(await isWanted(work, tally, isWhole, settings)))) {
      printLines(['Nothing was changed.'])
      return isStopped ? EXIT.busy : EXIT.ok
    }
    total = isWhole ? tally.changed : undefined
  }
  const { tally, isWhole } = await withBar(work, { dryRun: false, label: work.verb.doing, total, print: flags.json })
  if (!flags.json) {
    const stopped = isWhole ? [] : ['It was stopped before the end. The same command goes on.']
    printLines([...(tally.isEmpty ? [noneOf(work.verb, flags)] : tally.lines()), ...stopped])
  }
  return isWhole ? EXIT.ok : EXIT.busy
}

/** Where there is nobody to ask, what was typed is what is wanted. */
async function isWanted(
  { db, verb }: Work,
  tally: ChangeTally,
  isWhole: boolean,
  settings: Settings,
): Promise<boolean> {
  await preview(db, tally, settings, process.stderr)
  return (await confirm(questionOf(verb, tally.changed, isWhole))) !== false
}

interface Run extends Pick<CarryOutOptions, 'dryRun' | 'forMs'> {
  /** In front of the progress bar. */
  readonly label: string
  readonly total?: number | undefined
  readonly print?: boolean | undefined
}

/** The first signal ends it after the batch that is under way, the second at once. */
async function withBar(
  { db, verb, selection, options }: Work,
  { label, total, print, ...run }: Run,
): Promise<CarriedOut> {
  const leaving = leaveWhenAsked()
  const bar = progressBar(label)
  try {
    return await carryOut(db, verb, selection, {
      ...options,
      ...run,
      leave: leaving.signal,
      onBatch: async (changes, { changed }) => {
        if (print) await printFacts(verb, changes, run.dryRun)
        bar.update(changed, total)
      },
    })
  } finally {
    leaving.end()
    bar.end()
  }
}

/** A reader that is slower than the database is waited for. */
async function printFacts(verb: ChangeVerb, changes: readonly Change[], dryRun: boolean): Promise<void> {
  const facts = changes.filter(({ kind }) => kind !== 'missing').map((change) => changeFacts(change, verb, dryRun))
  await printBytes(jsonText(facts))
}

/** The first few, and how many more there are. */
async function preview(db: Driver, tally: ChangeTally, settings: Settings, stream: NodeJS.WriteStream): Promise<void> {
  if (tally.changed === 0) return
  stream.write(taskTable(await listTasks(db, tally.first), settings.timezone, stream))
  const more = tally.changed - tally.first.length
  if (more > 0) stream.write(`… and ${grouped(more)} more\n`)
}
