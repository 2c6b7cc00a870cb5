/**
 * The verbs of `queuectl` that change tasks: what `--help` says of each, its flags, and which file of ctl/ does it.
 */
import { runCancel } from '../../ctl/cancel.ts'
import type { ChangeReport, ChangeRequest } from '../../ctl/change-tasks.ts'
import { runHold } from '../../ctl/hold.ts'
import { runRelease } from '../../ctl/release.ts'
import { runRetry } from '../../ctl/retry.ts'
import { parseTaskIds } from '../../ctl/task-ids.ts'
import { Complaint, EXIT } from '../../exit.ts'
import type { Driver } from '../../queue/driver.ts'
import { openDatabase } from '../../queue/open-queue.ts'
import { readSettings, type SettingFlags } from '../settings.ts'

export interface ChangeFlags extends SettingFlags {
  /** The verb, then the ids. */
  readonly _: readonly (string | number)[]
  readonly json?: boolean | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly 'drop-expiry'?: boolean | undefined
}

export interface ChangeCommand {
  readonly describe: string
  /** What `--help` of the verb says besides. */
  readonly more: string
  readonly flags: Readonly<Record<string, { readonly type: 'boolean'; readonly describe: string }>>
  readonly examples: readonly (readonly [words: string, what: string])[]
  readonly run: (db: Driver, request: ChangeRequest, flags: ChangeFlags) => Promise<ChangeReport>
}

export const CHANGES: Readonly<Record<string, ChangeCommand>> = {
  cancel: {
    describe: 'Cancel tasks; those that run are stopped',
    more: 'The worker of a running one asks its program to stop, within a second or two, and books it as cancelled then.',
    flags: {},
    examples: [
      ['17 100-120', 'task 17, and those there are from 100 to 120'],
      ['100-120 --dry-run', 'what that would change'],
    ],
    run: (db, request) => runCancel(db, request),
  },
  hold: {
    describe: 'Keep waiting tasks back until they are released',
    more: 'Later tasks of the same key wait with them.',
    flags: {},
    examples: [['17', 'do not start task 17 for now']],
    run: (db, request) => runHold(db, request),
  },
  release: {
    describe: 'Let held tasks go on',
    more: 'They wait again, for a worker or for their time. What they had tried still counts.',
    flags: {},
    examples: [['17', 'task 17 may be started again']],
    run: (db, request) => runRelease(db, request),
  },
  retry: {
    describe: 'Run tasks again that failed, were cancelled or are done; scheduled ones at once',
    more:
      'A finished task begins anew, with all its attempts. A scheduled one keeps what it has used up and only waits no longer. ' +
      'A unique value was freed when the task finished, and stays free.',
    flags: {
      'drop-expiry': { type: 'boolean', describe: 'Also what has expired: its time to expire is cleared' },
    },
    examples: [
      ['17', 'task 17 once more'],
      ['100-120 --dry-run', 'what would run again'],
    ],
    run: (db, request, flags) => runRetry(db, request, flags['drop-expiry'] === true),
  },
}

/** @returns ok when every task is as asked now, also those that had been so before; 1 when one is not */
export async function runChangeCommand(command: ChangeCommand, flags: ChangeFlags): Promise<number> {
  const [verb, ...words] = flags._.map(String)
  if (words.length === 0)
    throw new Complaint(EXIT.usage, `Name the tasks: queuectl ${verb} 17, or a range such as 100-120.`)
  const ids = parseTaskIds(words)
  const settings = readSettings(flags)
  const db = await openDatabase(settings.queueUrl, settings.directory)
  try {
    const request: ChangeRequest = {
      ids,
      dryRun: flags['dry-run'] === true,
      print: flags.json === true ? 'json' : 'text',
    }
    const { text, allSo } = await command.run(db, request, flags)
    process.stdout.write(text)
    return allSo ? EXIT.ok : EXIT.taskFailed
  } finally {
    await db.close()
  }
}
