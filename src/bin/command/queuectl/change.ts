/** `queuectl retry`, `cancel`, `hold` and `release`: which tasks, and whether they are as asked afterwards. */
import { CANCEL } from '../../../ctl/change/cancel.ts'
import { runChange } from '../../../ctl/change/change-tasks.ts'
import type { ChangeVerb } from '../../../ctl/change/change-verb.ts'
import { HOLD } from '../../../ctl/change/hold.ts'
import { RELEASE } from '../../../ctl/change/release.ts'
import { RETRY } from '../../../ctl/change/retry.ts'
import { parseTaskIds, type TaskIds } from '../../../ctl/task-ids.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'
import { type ChangeFlags, changeByFilter } from './change-by-filter.ts'
import { isFiltered } from './filter-flags.ts'

interface Words extends ChangeFlags {
  /** The verb, then the ids. */
  readonly _: readonly (string | number)[]
}

export const cancel = command(CANCEL)
export const hold = command(HOLD)
export const release = command(RELEASE)
export const retry = command(RETRY)

function command(verb: ChangeVerb) {
  return (flags: Words, settings: Settings): Promise<number> => {
    const words = flags._.slice(1).map(String)
    const ids = words.length === 0 ? undefined : parseTaskIds(words)
    if (isFiltered(flags)) return changeByFilter(verb, ids?.all, flags, settings)
    if (ids === undefined) throw neither(verb)
    if (flags.limit !== undefined)
      throw new Complaint(EXIT.usage, '--limit is for tasks that filters select. Name as many ids as you mean.')
    return changeByIds(verb, ids, flags, settings)
  }
}

/** @returns ok when every task is as asked now, also those that had been so before; 1 when one is not */
async function changeByIds(verb: ChangeVerb, ids: TaskIds, flags: ChangeFlags, settings: Settings): Promise<number> {
  const request = { ids, dryRun: flags['dry-run'] === true, dropExpiry: flags['drop-expiry'] === true }
  const print = flags.json === true ? 'json' : 'text'
  const { text, allSo } = await withTasks(settings, (db) => runChange(db, verb, { ...request, print }))
  process.stdout.write(text)
  return allSo ? EXIT.ok : EXIT.taskFailed
}

function neither({ verb, usually }: ChangeVerb): Complaint {
  return new Complaint(
    EXIT.usage,
    `Name the tasks by id, queuectl ${verb} 17 or 100-120, or by what they are, queuectl ${verb} --queue mail --status ${usually[0]}.`,
  )
}
