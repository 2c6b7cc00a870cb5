/** `queuectl export`: tasks to standard output, as JSON, one a line. */
import { fstatSync } from 'node:fs'
import { grouped } from '../../../amount.ts'
import { exportTasks as writeTasks } from '../../../ctl/export.ts'
import { idsText } from '../../../ctl/task-ids.ts'
import { EXIT } from '../../../exit.ts'
import { printBytes } from '../../print.ts'
import { progressBar } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'
import { type FilterFlags, readSelection } from './filter-flags.ts'

export async function exportTasks(flags: FilterFlags, settings: Settings): Promise<number> {
  const selection = readSelection(flags, settings.timezone, Date.now())
  // Whatever reads a pipe may be on the same terminal, and write across the bar.
  const bar = fstatSync(1).isFile() ? progressBar('exporting') : undefined
  const { unreadable } = await withTasks(settings, (db) =>
    writeTasks(db, selection, printBytes, (count) => bar?.update(count, undefined)),
  ).finally(() => bar?.end())
  if (unreadable.length === 0) return EXIT.ok
  process.stderr.write(
    `queuectl: The param of ${grouped(unreadable.length)} of these tasks is no text (${idsText(unreadable)}). The export has what is text of it, and not what stands in the table.\n`,
  )
  return EXIT.badData
}
