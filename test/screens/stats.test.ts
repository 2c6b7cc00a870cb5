/** A person looks at what waits and how fast it goes: where it hurts, and since when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationClass } from '../../src/queue/duration-class.ts'
import { STATUS } from '../../src/queue/status.ts'
import { addQueuePause } from '../../src/queue/store/queue-pause.ts'
import { addTally, type TallySum } from '../../src/queue/store/tally.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { matchesScreen, openScreen, type Replacement, WITHOUT_TERMINAL } from '../helpers/screen.ts'
import { PATIENCE_MS } from '../queue/stores.ts'

const [sqlite] = DATABASES as readonly [Database]
const MINUTE = 60_000
/** How long ago an hour ago was depends on the second of the minute; so does what a minute came to. */
const CHANGING: readonly Replacement[] = [
  [/Since (?:\d{4}-\d\d-\d\d )?\d\d:\d\d/g, 'Since HH:MM'],
  [/since (?:\d{4}-\d\d-\d\d )?\d\d:\d\d/g, 'since HH:MM'],
  [/Did you m\s*ean/g, 'Did you mean'], // a date makes the line too long
  [/ 1,0[0-2]\d\b| 2[01]\.\d\b/g, 'RATE'],
  [/1h30m|1h31m/g, 'ABOUT'],
]

test('what waits and how fast it goes is seen at a glance, on a narrow and on a wide terminal', {
  skip: WITHOUT_TERMINAL,
}, async (t) => {
  const project = await queueProject(t, sqlite)
  await fill(project)
  const narrow = await openScreen(t, { directory: project.directory, columns: 80, rows: 24 })
  const wide = await openScreen(t, { directory: project.directory, columns: 140, rows: 24 })

  await narrow.type('queuectl stats')
  await matchesScreen('stats-80', await narrow.untilPrompt(), CHANGING)
  await wide.type('queuectl stats')
  await matchesScreen('stats-140', await wide.untilPrompt(), CHANGING)

  const lines = (await narrow.text()).split('\n')
  assert.ok(lines.every((line) => line.length <= 80))
  await narrow.type('clear; queuectl stats --queue mail --task send-msg --since 2d')
  await narrow.untilPrompt()
  await narrow.type('queuectl stats --queue mial')
  await matchesScreen('stats-of-one', await narrow.untilPrompt(), CHANGING)
})

async function fill(project: QueueProject): Promise<void> {
  const { db } = project
  await project.insert(
    ...Array.from({ length: 42 }, (_, i) => ({
      ...{ queue: 'mail', task: i < 30 ? 'send-msg' : 'send-digest-of-the-week', ctime: -90 * MINUTE },
    })),
    ...[1, 2, 3].map((n) => ({ queue: 'mail', task: 'send-msg', status: STATUS.scheduled, run_at: n * MINUTE })),
    ...[1, 2].map(() => ({ queue: 'orders', task: 'sync-order', status: STATUS.failed })),
    { queue: 'orders', task: 'sync-order', status: STATUS.running, worker_id: 1 },
    { queue: 'orders', task: 'sync-order', status: STATUS.held },
  )
  await addTally(db, [
    sum('mail', 'send-msg', 60, { attempts: 61_200, cpuMs: 1_224_000 }),
    sum('mail', 'send-msg', 30_000, { attempts: 900, ending: 'retried' }),
    sum('orders', 'sync-order', 2_300, { attempts: 66, cpuMs: 6_600 }),
    sum('orders', 'sync-order', 900_000, { attempts: 12, ending: 'failed' }),
    sum('exec:backup', 'backup', 1_900_000, { cpuMs: 65_000 }),
  ])
  await addQueuePause(
    db,
    { queue: 'orders', task: undefined },
    { by: 'anna', reason: 'the shop is being moved', until: null },
    PATIENCE_MS,
  )
}

function sum(queue: string, task: string, ms: number, more: Partial<TallySum> = {}): TallySum {
  const counts = { attempts: 1, ranMs: ms, cpuMs: 0, outputBytes: 0 }
  return { queue, task, ending: 'done', durationClass: durationClass(ms), ...counts, ...more }
}
