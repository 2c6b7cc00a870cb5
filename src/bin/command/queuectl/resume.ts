/** `queuectl resume`: the flags, and what is printed. */

import { requirePausable } from '../../../ctl/pause/pause-queue.ts'
import { queuePauseFacts } from '../../../ctl/pause/queue-pause-facts.ts'
import { resumeLines, resumeQueue } from '../../../ctl/pause/resume-queue.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { paragraph } from '../../explanation-text.ts'
import { printJson } from '../../print.ts'
import { progressBar } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'

export interface ResumeFlags {
  readonly queue?: string | undefined
  readonly task?: string | undefined
  readonly all?: boolean | undefined
  readonly json?: boolean | undefined
}

export async function resume(flags: ResumeFlags, settings: Settings): Promise<number> {
  const wanted = { queue: flags.queue, task: flags.task }
  const isNamed = wanted.queue !== undefined || wanted.task !== undefined
  if (flags.all && isNamed) throw new Complaint(EXIT.usage, '--all lifts every pause. Leave out the queue and --task.')
  if (!flags.all && !isNamed)
    throw new Complaint(
      EXIT.usage,
      'Name what to resume: a queue, such as "queuectl resume mail", a task program: "queuectl resume --task send-msg", or --all.',
    )
  requirePausable(wanted, 'resume')
  return withDatabase(settings, async (db) => {
    const bar = progressBar('letting go')
    const result = await resumeQueue(db, wanted, bar.update).finally(bar.end)
    if (flags.json) {
      const { lifted, released, remaining } = result
      const facts = { lifted: lifted.map(queuePauseFacts), released, paused: remaining.map(queuePauseFacts) }
      printJson(facts)
    } else
      for (const line of resumeLines(wanted, result, settings.timezone))
        process.stdout.write(paragraph(line, process.stdout))
    return EXIT.ok
  })
}
