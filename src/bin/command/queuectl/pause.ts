/** `queuectl pause`: the flags, and what is printed. */

import { pauseLines, pauseQueue, requirePausable } from '../../../ctl/pause/pause-queue.ts'
import { queuePauseFacts } from '../../../ctl/pause/queue-pause-facts.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { databaseNow } from '../../../queue/store/clock.ts'
import { paragraph } from '../../explanation-text.ts'
import { whoAsks } from '../../operator.ts'
import { reasonFlag, untilFlag } from '../../pause-flags.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'

export interface PauseFlags {
  readonly queue?: string | undefined
  readonly task?: string | undefined
  readonly reason?: string | undefined
  readonly until?: string | undefined
  readonly json?: boolean | undefined
}

export async function pause(flags: PauseFlags, settings: Settings): Promise<number> {
  const key = { queue: flags.queue, task: flags.task }
  if (key.queue === undefined && key.task === undefined)
    throw new Complaint(
      EXIT.usage,
      'Name what to pause: a queue, such as "queuectl pause mail", or a task program: "queuectl pause --task send-msg".',
    )
  requirePausable(key, 'pause')
  const reason = reasonFlag(flags.reason)
  return withDatabase(settings, async (db) => {
    const until = flags.until === undefined ? null : untilFlag(flags.until, settings.timezone, await databaseNow(db))
    const result = await pauseQueue(db, key, { by: whoAsks(), reason, until })
    if (flags.json) {
      const { pause, before, programs, all } = result
      const replaces = before === undefined ? null : queuePauseFacts(before)
      const facts = { ...queuePauseFacts(pause), replaces, programs, paused: all.map(queuePauseFacts) }
      printJson(facts)
    } else
      for (const line of pauseLines(result, settings.timezone)) process.stdout.write(paragraph(line, process.stdout))
    return EXIT.ok
  })
}
