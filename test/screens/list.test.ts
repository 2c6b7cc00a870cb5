/** A person looks for what failed, goes through it page by page, and runs it again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STATUS } from '../../src/queue/status.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { matchesScreen, openScreen, WITHOUT_TERMINAL } from '../helpers/screen.ts'

const [sqlite] = DATABASES as readonly [Database]
const HOUR = 3_600_000

test('what failed is found, looked through and run again', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await queueProject(t, sqlite)
  await insertAll(project)
  const screen = await openScreen(t, { directory: project.directory, columns: 80, rows: 24 })

  await screen.type('queuectl list --limit 8')
  await screen.untilPrompt()
  await screen.type('queuectl list --status failed --limit 2')
  await matchesScreen('list', await screen.untilPrompt())

  await screen.type('clear; queuectl list --status failed --limit 2 --before 9')
  await screen.untilPrompt()
  await screen.type("queuectl list --status failed --error 'no such thing'")
  await screen.untilPrompt()
  await screen.type("queuectl retry --status failed --error 'timed out'")
  await screen.until('[y/N]')
  await screen.type('y')
  await matchesScreen('retry-by-filter', await screen.untilPrompt())
  assert.equal((await project.states()).filter((state) => state === 'failed').length, 1)

  await screen.type('clear; queuectl cancel --queue mail --task thumb')
  await screen.until((text) => text.includes('[y/N]') && !text.includes('retry'), 'the next question')
  await screen.press('C-c')
  await screen.untilPrompt()
  await screen.type('queuectl hold --task nothing')
  await screen.untilPrompt()
  await screen.type('queuectl cancel --queue mail --task thumb --yes')
  await matchesScreen('cancel-by-filter', await screen.untilPrompt())
})

test('a list of widths that no terminal has room for stays within it, and is coloured', {
  skip: WITHOUT_TERMINAL,
}, async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert(
    { task: 'notify-payment-of-a-very-long-name', queue: 'payments-of-the-shop', param: 'x'.repeat(200) },
    { task: '任务', param: `${'ü'.repeat(60)}\n\u001b[31mred`, status: STATUS.failed, error: '\u202eend\tof' },
  )
  await project.db.run('UPDATE queue SET id = id + 812345678')
  const screen = await openScreen(t, { directory: project.directory, columns: 80, rows: 10 })

  await screen.type('queuectl list')
  await screen.untilPrompt()

  const lines = (await screen.text()).split('\n')
  assert.equal(lines.length, 5, lines.join('\n'))
  assert.match(lines[2] ?? '', /^812345680 .* failed .*\\u202eend\\tof/)
  assert.match(await screen.text({ colours: true }), /\[31mfailed/)
})

/** Mails that failed, and a task in nearly every other state; all of them for an hour. */
async function insertAll(project: QueueProject): Promise<void> {
  const failed = { task: 'send-msg', queue: 'mail', status: STATUS.failed, attempts: 4 }
  const error = 'exit code 1: connection to the mail server timed out'
  await project.insert(
    ...[1, 2, 3, 4, 5, 6, 7].map((uid) => ({ ...failed, param: `uid=${uid}`, error })),
    { ...failed, param: 'uid=8', error: 'ended by SIGSEGV' },
    { task: 'thumb', queue: 'mail', param: 'picture=12', run_at: -HOUR },
    { task: 'thumb', queue: 'mail', param: 'picture=13', status: STATUS.scheduled, run_at: 2 * HOUR },
    { task: 'sync-order', param: 'order=1042', status: STATUS.running, attempts: 1 },
    { task: 'sync-order', param: 'order=1043', status: STATUS.held },
    { task: 'sync-order', param: 'order=1041', status: STATUS.done, attempts: 1 },
  )
  const anHourAgo = Date.now() - HOUR
  await project.db.run(
    `UPDATE queue SET mtime = ?,
            started_at = CASE WHEN status = 2 THEN ? END, finished_at = CASE WHEN status IN (1, 3) THEN ? END`,
    [anHourAgo, anHourAgo, anHourAgo],
  )
}
