/** A person wants to know why tasks have not run, watches one that does, and sees what it printed. */
import { test } from 'node:test'
import { STATUS } from '../../src/queue/status.ts'
import { addQueuePause } from '../../src/queue/store/queue-pause.ts'
import { logsProject } from '../bin/logs-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { matchesScreen, openScreen, WITHOUT_TERMINAL } from '../helpers/screen.ts'

const [sqlite] = DATABASES as readonly [Database]
const HOUR = 3_600_000

test('a queue that is paused, a key that is busy, and nobody to work', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await logsProject(t, sqlite)
  const pause = { by: 'eve@web-1', reason: 'the mail server is down', until: null }
  await addQueuePause(project.db, { queue: 'mail', task: undefined }, pause, 1_000)
  const key = { task: 'say', shard_key: 'customer-4', bucket: 3 }
  await project.insert(
    { task: 'say', queue: 'mail', param: 'uid=4' },
    { ...key, status: STATUS.scheduled, attempts: 1, run_at: 2 * HOUR + 30_000 },
    key,
    { task: 'say', priority: 5 },
  )
  const screen = await openScreen(t, { directory: project.directory, columns: 80, rows: 40 })

  for (const id of [1, 3, 4, 17]) {
    await screen.type(`queuectl why ${id}`)
    await screen.untilPrompt()
  }
  await matchesScreen('why', await screen.text())

  await screen.type('clear; queuectl show 1')
  await matchesScreen('show', await screen.untilPrompt(), [[/\(bucket \d+\)/g, '(bucket N)']])
})

test('a task is followed until it ends, and its output shown once more', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await logsProject(t, sqlite)
  await project.insert({ task: 'steps', param: '10' }, { task: 'exit' })
  const screen = await openScreen(t, { directory: project.directory, columns: 80, rows: 24 })

  await screen.type('queuectl logs 1; echo "exit code $?"')
  await screen.untilPrompt()
  await screen.type('queuectl logs -f 1')
  await screen.until('waiting for it to begin')
  const worker = project.start('do-queue', ['--quiet'])
  await screen.until(/\none/)
  project.release('go')
  await screen.untilPrompt()
  await worker.exited
  await screen.type('queuectl logs 1 --json')
  await screen.untilPrompt()
  await screen.type('queuectl logs 2')
  await matchesScreen('logs', await screen.untilPrompt(), [
    [/"path":"[^"]+"/g, '"path":"FILE"'],
    [/"offset":\d+/g, '"offset":N'],
  ])
})
