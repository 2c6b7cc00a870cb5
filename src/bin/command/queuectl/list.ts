/**
 * `queuectl list`: a page of tasks, and the command that prints the next one.
 *
 * Standard output has the tasks alone. That there are more, or that it was not looked at all of them, is said on standard
 * error: on a terminal, and wherever the list may be missing some.
 */

import { grouped } from '../../../amount.ts'
import { LONGEST_CELL, listedFacts } from '../../../ctl/list.ts'
import { EXIT } from '../../../exit.ts'
import { databaseNow } from '../../../queue/store/clock.ts'
import { listTasks } from '../../../queue/store/list-tasks.ts'
import { BUDGET_MS, type Page, selectTasks } from '../../../queue/store/select.ts'
import type { Selection } from '../../../queue/store/selection.ts'
import { durationFlag, wholeNumber } from '../../flags.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'
import { type FilterFlags, isFiltered, readSelection } from './filter-flags.ts'
import { commandText } from './next-command.ts'
import { taskTable } from './task-table.ts'

export interface ListFlags extends FilterFlags {
  readonly oldest?: boolean | undefined
  readonly limit?: string | undefined
  readonly before?: string | undefined
  readonly after?: string | undefined
  readonly 'max-time'?: string | undefined
  readonly json?: boolean | undefined
  readonly directory?: string | undefined
  readonly url?: string | undefined
}

const USUAL_LIMIT = 20
const MOST = 1_000

export async function list(flags: ListFlags, settings: Settings): Promise<number> {
  const order = flags.oldest ? 'oldest' : 'newest'
  const limit = wholeNumber('limit', flags.limit, 1, MOST) ?? USUAL_LIMIT
  const budgetMs = durationFlag('max-time', flags['max-time']) ?? BUDGET_MS
  selectionOf(flags, settings, Date.now()) // what is wrong with the flags is said first
  const { page, found } = await withTasks(settings, async (db) => {
    const selection = selectionOf(flags, settings, await databaseNow(db))
    const page = await selectTasks(db, selection, { order, limit, budgetMs })
    const isCut = process.stdout.isTTY && !flags.json
    return { page, found: await listTasks(db, page.ids, isCut ? LONGEST_CELL + 1 : undefined) }
  })
  const isEmpty = found.tasks.length === 0
  if (flags.json) printJson(...found.tasks.map(listedFacts))
  else if (!isEmpty || !process.stdout.isTTY) process.stdout.write(taskTable(found, settings.timezone))
  const sentence = sentenceOf(page, isEmpty, flags)
  if (sentence !== undefined && (process.stderr.isTTY || page.ended === 'budget')) process.stderr.write(`${sentence}\n`)
  return EXIT.ok
}

function selectionOf(flags: ListFlags, { timezone }: Settings, now: number): Selection {
  const selection = readSelection(flags, timezone, now)
  const { fromId = 1, toId = Number.MAX_SAFE_INTEGER } = selection
  const before = wholeNumber('before', flags.before, 1, Number.MAX_SAFE_INTEGER)
  const after = wholeNumber('after', flags.after, 0, Number.MAX_SAFE_INTEGER)
  return {
    ...selection,
    fromId: after === undefined ? fromId : Math.max(fromId, after + 1),
    toId: before === undefined ? toId : Math.min(toId, before - 1),
  }
}

function sentenceOf({ ended, reached }: Page, isEmpty: boolean, flags: ListFlags): string | undefined {
  const next = () => commandText('list', flags, { [flags.oldest ? 'after' : 'before']: String(reached) })
  if (ended === 'limit') return `More: ${next()}`
  if (ended === 'budget') {
    const looked = isEmpty ? 'None was found as far as task' : 'Looked as far as task'
    return `${looked} ${grouped(reached ?? 0)}. Go on: ${next()}`
  }
  if (!isEmpty) return undefined
  if (flags.before !== undefined || flags.after !== undefined) return 'There are no more of them.'
  return isFiltered(flags) ? 'There is no such task.' : 'There are no tasks.'
}
