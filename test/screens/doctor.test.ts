/** A person asks what is wrong, mends it by what is said, and asks again. */
import { chmodSync } from 'node:fs'
import { test } from 'node:test'
import { queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { matchesScreen, openScreen, WITHOUT_TERMINAL } from '../helpers/screen.ts'

const [sqlite] = DATABASES as readonly [Database]

test('what the doctor finds is mended by what it says', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await queueProject(t, sqlite, { tasks: { thumb: '#!/bin/sh\nexit 0\n' } })
  chmodSync(project.path('tasks/thumb'), 0o644)
  await project.insert({ task: 'thumb' }, { task: 'thumb' })
  await project.db.run('CREATE TRIGGER audit AFTER UPDATE ON queue BEGIN SELECT 1; END')
  const screen = await openScreen(t, { directory: project.directory, columns: 80, rows: 24 })

  await screen.type('queuectl doctor && echo fine')
  await screen.untilPrompt()
  await screen.type('chmod +x tasks/thumb')
  await screen.untilPrompt()
  await screen.type('queuectl doctor && echo fine')
  await screen.untilPrompt()
  await project.db.run('DROP TRIGGER audit')
  await screen.type('queuectl doctor')
  await matchesScreen('doctor', await screen.untilPrompt(), [[/\d+ checks/g, 'NN checks']])
})
