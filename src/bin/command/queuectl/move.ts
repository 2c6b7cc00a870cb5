/**
 * `queuectl move`: waiting tasks into another queue, or into another database.
 */

import { amount } from '../../../amount.ts'
import { type MoveEvents, type MovePreview, moveToQueue, previewMove } from '../../../ctl/move/move.ts'
import { cutOffMoves, type MovedAway, moveAway, refuseSame } from '../../../ctl/move/move-away.ts'
import { movesToTakeBack, takeBackMoves } from '../../../ctl/move/move-back.ts'
import { movedAwayLines, movedLines, previewText, stayLine } from '../../../ctl/move/move-text.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import type { Driver } from '../../../queue/driver.ts'
import { checkQueueName } from '../../../queue/new-task.ts'
import { openDatabase } from '../../../queue/open-queue.ts'
import type { Selection } from '../../../queue/store/selection.ts'
import { databaseText, parseQueueUrl } from '../../../queue/url.ts'
import { confirmOrRefuse } from '../../confirm.ts'
import { leaveWhenAsked } from '../../leaving.ts'
import { printJson, printLines } from '../../print.ts'
import { progressBar } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'
import { type FilterFlags, readSelection } from './filter-flags.ts'

export interface MoveFlags extends FilterFlags {
  readonly to?: string | undefined
  readonly 'to-url'?: string | undefined
  readonly back?: boolean | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly yes?: boolean | undefined
  readonly json?: boolean | undefined
}

export async function move(flags: MoveFlags, settings: Settings): Promise<number> {
  const { to, 'to-url': url } = flags
  if (flags.back === true) return withTasks(settings, (db) => takeBack(db, flags, settings))
  if ((to === undefined) === (url === undefined))
    throw new Complaint(EXIT.usage, 'Say where to: --to for a queue, or --to-url for another database.')
  const selection = readSelection(flags, settings.timezone, Date.now())
  return withTasks(settings, (db) =>
    to === undefined ? intoDatabase(db, selection, url ?? '', flags, settings) : intoQueue(db, selection, to, flags),
  )
}

async function intoQueue(db: Driver, selection: Selection, to: string, flags: MoveFlags): Promise<number> {
  checkQueueName(to)
  if (Object.keys(selection).length === 0)
    throw new Complaint(EXIT.usage, 'Say which tasks: --queue mail, --task newsletter, --key customer-4 and so on.')
  const preview = await previewMove(db, selection)
  if (!(await isWanted(preview, `the queue ${to}`, flags))) return EXIT.ok
  const result = await working('moving', preview, (events) => moveToQueue(db, selection, to, events))
  const { moved, running, ended } = result
  print(flags, { moved, running: running.count, ended }, movedLines(result, to))
  return ended === 'stopped' ? EXIT.busy : EXIT.ok
}

/** The other database is there, and has our tables, before anything is changed. */
async function intoDatabase(
  source: Driver,
  selection: Selection,
  url: string,
  flags: MoveFlags,
  { directory }: Settings,
): Promise<number> {
  const where = databaseText(parseQueueUrl(url, directory), directory)
  const target = await openDatabase(url, directory)
  try {
    const { here } = await cutOffMoves(source, await refuseSame(source, target))
    const preview = await previewMove(source, selection)
    if (!(await isWanted(preview, where, flags, here.length))) return EXIT.ok
    const result = await working('moving', preview, (events) => moveAway(source, target, selection, where, events))
    print(flags, factsOf(result), movedAwayLines(result, where))
    return result.ended === 'stopped' ? EXIT.busy : EXIT.ok
  } finally {
    await target.close()
  }
}

/** Without the other database nobody can say whether the last batch had come to be there. */
async function takeBack(source: Driver, flags: MoveFlags, { directory }: Settings): Promise<number> {
  const { to, 'to-url': url } = flags
  if (to !== undefined) throw new Complaint(EXIT.usage, '--back is about a move to another database: leave --to out.')
  const target = url === undefined ? undefined : await openDatabase(url, directory)
  try {
    const moves = await movesToTakeBack(source, target)
    if (flags['dry-run'] === true) {
      const where = moves.map((begun) => begun.where)
      print(flags, { dryRun: true, cutOff: where }, where.length === 0 ? [NONE_CUT_OFF] : where.map(cutOffText))
      return EXIT.ok
    }
    const question = target === undefined ? WITHOUT_TARGET : 'Let go here what is still held?'
    if (moves.length > 0 && flags.yes !== true && !(await confirmOrRefuse(question))) return EXIT.ok
    const released = await takeBackMoves(source, target, moves)
    print(flags, { released }, [
      `Let go ${amount(released, 'task')}, which ${released === 1 ? 'waits' : 'wait'} here as before.`,
    ])
    return EXIT.ok
  } finally {
    await target?.close()
  }
}

function cutOffText(where: string): string {
  return `Would let go what a move to ${where} holds.`
}

const NONE_CUT_OFF = 'No move to another database was cut off.'
const WITHOUT_TARGET =
  'Without --to-url, up to 250 of the tasks may be in the other database already, and would run there, too. Let go what is still held?'

async function isWanted(preview: MovePreview, to: string, flags: MoveFlags, cutOff = 0): Promise<boolean> {
  const resumes = cutOff === 0 ? [] : ['A move there that was cut off goes on first.']
  const text = previewText(preview, to)
  if (flags['dry-run'] === true) {
    const { waiting, running } = preview
    const facts = { dryRun: true, waiting: waiting.count, isExact: waiting.isExact, running: running.count, cutOff }
    print(flags, facts, [`Would move ${text}.`, ...stayLine(running), ...resumes])
    return false
  }
  if (flags.yes === true) return true
  const isNothing = preview.waiting.count === 0 && preview.waiting.isExact && cutOff === 0
  if (isNothing) return true
  if (process.stdin.isTTY) printLines([...resumes, ...stayLine(preview.running)])
  const answer = await confirmOrRefuse(`Move ${text}?`)
  if (!answer) print(flags, { moved: 0 }, ['Nothing was moved.'])
  return answer
}

interface WorkEvents extends MoveEvents {
  readonly onHeld: (held: number) => void
}

async function working<T>(
  label: string,
  { waiting }: MovePreview,
  work: (events: WorkEvents) => Promise<T>,
): Promise<T> {
  const leaving = leaveWhenAsked()
  const bars = [progressBar('holding'), progressBar(label)]
  const total = waiting.isExact ? waiting.count : undefined
  try {
    return await work({
      stop: leaving.signal,
      onHeld: (held) => bars[0]?.update(held, total),
      onProgress: (moved) => bars[1]?.update(moved, total),
    })
  } finally {
    for (const bar of bars) bar.end()
    leaving.end()
  }
}

function factsOf({ moved, resumed, tried, duplicates, refused, running, ended, elsewhere }: MovedAway) {
  const others = elsewhere.map(({ where }) => where)
  return { moved, resumed, tried, duplicates, refused, running: running.count, ended, cutOffElsewhere: others }
}

function print({ json }: MoveFlags, facts: object, lines: readonly string[]): void {
  if (json === true) printJson(facts)
  else printLines(lines)
}
