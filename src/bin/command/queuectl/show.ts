/** `queuectl show`: one task, with everything that is known of it. */
import { runShow } from '../../../ctl/show/show.ts'
import { parseTaskId } from '../../../ctl/task-ids.ts'
import { EXIT } from '../../../exit.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'
import { plannedPerKey } from './planned-per-key.ts'

export interface ShowFlags {
  readonly id: string
  readonly json?: boolean | undefined
}

export async function show(flags: ShowFlags, settings: Settings): Promise<number> {
  const id = parseTaskId(flags.id)
  const { timezone: zone, retry, logsDirectory } = settings
  const print = flags.json === true ? 'json' : 'text'
  process.stdout.write(
    await withTasks(settings, (db) =>
      runShow(db, id, { zone, retry, logsDirectory, print, plannedPerKey: (queue) => plannedPerKey(settings, queue) }),
    ),
  )
  return EXIT.ok
}
