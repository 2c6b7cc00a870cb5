/** The first day with a queue: tables, tasks, a worker, what became of it, and what a monitor and another database get. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queueProject } from '../bin/queue-project.ts'
import { DATABASES } from '../helpers/databases.ts'
import { matchesScreen, openScreen, type Replacement, WITHOUT_TERMINAL } from '../helpers/screen.ts'

const WINDOW = { columns: 100, rows: 40 }
const VARYING: readonly Replacement[] = [
  [/never to try it\s+again\s+\(exit/g, 'never to try it again\n(exit'], // where "now" became "1s ago"
  [/(?<=took +)\S+/g, 'TIME'],
  [/(?<=failed in )\S+ s/g, 'TIME'],
  [/do-queue-\d{4}-\d\d-\d\d/g, 'do-queue-DAY'],
]

const [database] = DATABASES as [(typeof DATABASES)[0]]

test('tasks are added, run, and looked at', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await queueProject(t, database, {
    tasks: { greet: '#!/bin/sh\necho "Hello $1"\n', 'no-luck': '#!/bin/sh\necho "no such customer" >&2\nexit 65\n' },
  })
  const screen = await openScreen(t, { directory: project.directory, ...WINDOW })

  await screen.type('add-task greet Anna')
  await screen.untilPrompt()
  await screen.type('add-task no-luck 17 --key customer-4')
  await screen.untilPrompt()
  await screen.type('do-queue')
  await screen.untilPrompt()
  await screen.type('queuectl logs 1')
  await screen.untilPrompt()
  await screen.type('queuectl why 2')
  await screen.untilPrompt()

  await matchesScreen('first-day', await screen.text(), VARYING)
  assert.deepEqual(await project.states(), ['done', 'failed'])
})

test('tables, lines of JSON, metrics and completion', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await queueProject(t, database)
  await project.insert({ task: 'send-msg', param: 'uid=4', queue: 'mail' }, { task: 'sync-order', param: 'order=1042' })
  const screen = await openScreen(t, { directory: project.directory, ...WINDOW })

  for (const line of [
    'queuectl migrate',
    'queuectl schema --for mysql | head -3',
    'queuectl export --queue mail > mail.ndjson',
    'queuectl import mail.ndjson --dry-run',
    'queuectl import mail.ndjson --queue slow',
    'queuectl metrics | grep ^cron_mission_queue_tasks{',
    'queuectl completion bash | head -2',
    'queuectl completion fish',
    'queuectl --statsu',
  ]) {
    await screen.type(line)
    await screen.untilPrompt()
  }

  await matchesScreen('tables-and-lines', await screen.text())
})
