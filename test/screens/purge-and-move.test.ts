/** Deleting and moving at a real terminal: what is asked, and what is said afterwards. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { queueProject } from '../bin/queue-project.ts'
import { finished, insertRows, tasksThere } from '../ctl/stored-rows.ts'
import { DATABASES } from '../helpers/databases.ts'
import { matchesScreen, openScreen, type Replacement, WITHOUT_TERMINAL } from '../helpers/screen.ts'

const SMALL = { columns: 80, rows: 24 }
const TOOK: Replacement = [/(?<=attempts? in )\S+(?=\.)/g, 'TIME']

const [database] = DATABASES as [(typeof DATABASES)[0]]

test('old tasks are deleted when that was agreed to', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await queueProject(t, database)
  mkdirSync(project.path('logs'))
  writeFileSync(project.path('logs', 'do-queue-2020-01-02.log'), 'x'.repeat(10_000))
  await insertRows(project.db, [
    ...Array.from({ length: 1_204 }, (_, i) => finished(40 + i / 100, { task: 'send-msg' })),
    finished(35, { task: 'sync-order', status: 3 }),
    finished(2, { task: 'young' }),
  ])
  const screen = await openScreen(t, { directory: project.directory, ...SMALL })

  await screen.type('queuectl purge --older-than 30d --logs')
  await screen.until('[y/N]')
  await screen.type('n')
  await screen.untilPrompt()
  assert.equal((await tasksThere(project.db)).length, 1_206)
  await screen.type('queuectl purge --older-than 30d --logs')
  await screen.until(/was deleted[\s\S]*\[y\/N\]/)
  await screen.type('y')
  await screen.untilPrompt()

  await matchesScreen('purge', await screen.text(), [TOOK])
  assert.deepEqual(await tasksThere(project.db), ['young'])
})

test('a team outgrows the file: its tasks go to another database, with a look before', {
  skip: WITHOUT_TERMINAL,
}, async (t) => {
  const project = await queueProject(t, database)
  await insertRows(project.db, [
    ...Array.from({ length: 300 }, () => ({ task: 'send-msg', queue: 'mail' })),
    { task: 'sync-order', attempts: 2, status: 4, run_at: 3_600_000 },
    { task: 'report', status: 2 },
  ])
  const screen = await openScreen(t, { directory: project.directory, ...SMALL })

  await screen.type('queuectl move --task send-msg --to bulk --dry-run')
  await screen.untilPrompt()
  await screen.type('queuectl move --to-url sqlite:new.db')
  await screen.until('[y/N]')
  await screen.type('y')
  await screen.untilPrompt()
  await screen.type('queuectl export --url sqlite:new.db --status scheduled | cut -c1-55')
  await screen.untilPrompt()

  await matchesScreen('move', await screen.text())
  assert.deepEqual(await tasksThere(project.db), ['report'])
})
