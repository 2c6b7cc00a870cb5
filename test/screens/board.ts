/** A queue at work, and the board on a terminal beside it. */
import type { TestContext } from 'node:test'
import { durationClass } from '../../src/queue/duration-class.ts'
import { addTally } from '../../src/queue/store/tally.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import type { Database } from '../helpers/databases.ts'
import { openScreen, type Screen } from '../helpers/screen.ts'

export const SMALL = { columns: 80, rows: 24 }
const WAIT = '#!/bin/sh\necho $$ >"started.$TASK_ID"\nwhile [ ! -e "$1" ]; do sleep 0.02; done\n'

export async function board(t: TestContext, project: QueueProject, env: Record<string, string> = {}): Promise<Screen> {
  const screen = await openScreen(t, { directory: project.directory, ...SMALL, env })
  await screen.type('queuectl top')
  await screen.until('fresh')
  return screen
}

/**
 * Of the queue mail one task runs, two are claimed behind it because they have its key, and one waits for its time. Of orders
 * one has failed, and another one runs, begun after that of mail.
 */
export async function busyProject(t: TestContext, database: Database): Promise<QueueProject> {
  const project = await queueProject(t, database, { tasks: { メール送信: WAIT }, env: { QUEUE_TIMEZONE: 'UTC' } })
  const mail = { queue: 'mail', task: 'wait-for', param: 'go' }
  const [first] = await project.insert(
    { ...mail, shard_key: 'customer-4', bucket: 0 },
    { ...mail, shard_key: 'customer-4', bucket: 0 },
    { ...mail, shard_key: 'customer-4', bucket: 0 },
    { ...mail, status: 4, run_at: 3_600_000 },
    { queue: 'orders', task: 'exit', param: '65' },
  )
  await project.start('do-queue', ['--queue', 'orders']).exited
  const ended = { queue: 'mail', task: 'wait-for', ranMs: 0, cpuMs: 0, outputBytes: 0 }
  await addTally(project.db, [
    { ...ended, ending: 'done', durationClass: durationClass(340), attempts: 90 },
    { ...ended, ending: 'retried', durationClass: durationClass(5_100), attempts: 10 },
  ])
  const [second] = await project.insert({ queue: 'orders', task: 'メール送信', param: 'go' })
  project.start('do-queue', ['--queue', 'mail', '--concurrency', '2'])
  await project.started(first)
  project.start('do-queue', ['--queue', 'orders'])
  await project.started(second)
  return project
}
