/** `queuectl retry`, `cancel`, `hold` and `release`: which tasks, and whether they are as asked afterwards. */
import { runCancel } from '../../../ctl/cancel.ts'
import type { ChangeReport, ChangeRequest } from '../../../ctl/change-tasks.ts'
import { runHold } from '../../../ctl/hold.ts'
import { runRelease } from '../../../ctl/release.ts'
import { runRetry } from '../../../ctl/retry.ts'
import { parseTaskIds } from '../../../ctl/task-ids.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import type { Driver } from '../../../queue/driver.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'

export interface ChangeFlags {
  /** The verb, then the ids. */
  readonly _: readonly (string | number)[]
  readonly json?: boolean | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly 'drop-expiry'?: boolean | undefined
}

type Run = (db: Driver, request: ChangeRequest, flags: ChangeFlags) => Promise<ChangeReport>

export const cancel = command((db, request) => runCancel(db, request))
export const hold = command((db, request) => runHold(db, request))
export const release = command((db, request) => runRelease(db, request))
export const retry = command((db, request, flags) => runRetry(db, request, flags['drop-expiry'] === true))

/** @returns ok when every task is as asked now, also those that had been so before; 1 when one is not */
function command(run: Run) {
  return async (flags: ChangeFlags, settings: Settings): Promise<number> => {
    const [verb, ...words] = flags._.map(String)
    if (words.length === 0)
      throw new Complaint(EXIT.usage, `Name the tasks: queuectl ${verb} 17, or a range such as 100-120.`)
    const ids = parseTaskIds(words)
    const print = flags.json === true ? 'json' : 'text'
    const { text, allSo } = await withDatabase(settings, (db) =>
      run(db, { ids, dryRun: flags['dry-run'] === true, print }, flags),
    )
    process.stdout.write(text)
    return allSo ? EXIT.ok : EXIT.taskFailed
  }
}
