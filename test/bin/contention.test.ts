/**
 * The promise that matters most: every row runs exactly once, whoever else is at work.
 *
 * Ten shards, as cron would start them, and a backfill by hand that divides the same queue by three, all at once over the
 * same rows. The programs themselves write down what ran. ROWS=20000 is a longer run of it.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { migrate } from '../../src/queue/migrate.ts'
import { openDriver } from '../../src/queue/url.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'
import { makeProject, startBin } from '../helpers/processes.ts'

const ROWS = Number(process.env.ROWS ?? 5_000)
const ROWS_PER_INSERT = 5_000

for (const database of DATABASES) {
  test(`${ROWS} rows under eight workers with overlapping totals each run exactly once (${database.name})`, async (t) => {
    const { url } = await database.create(t)
    const project = makeProject(t, { tasks: { note: '#!/bin/sh\necho "$1" >>ran\n' } })
    const db = await openDriver(url, '/')
    afterwards(t, () => db.close())
    await migrate(db)
    for (let from = 1; from <= ROWS; from += ROWS_PER_INSERT) {
      const rows = Array.from(
        { length: Math.min(ROWS_PER_INSERT, ROWS - from + 1) },
        (_, i) => `('note', '${from + i}')`,
      )
      await db.run(`INSERT INTO queue (task, param) VALUES ${rows.join(', ')}`)
    }

    const fromCron = [0, 1, 2, 3, 4].map((i) => ['--total', '10', '--shard', `${2 * i}-${2 * i + 1}`])
    const byHand = [0, 1, 2].map((shard) => ['--total', '3', '--shard', `${shard}`])
    const workers = [...fromCron, ...byHand].map((flags) =>
      startBin('do-queue', [...flags, '--quiet'], { cwd: project.directory, env: { QUEUE_URL: url }, t }),
    )
    const ended = await Promise.all(workers.map(({ exited }) => exited))

    for (const { code, stderr } of ended) assert.deepEqual([code, stderr], [0, ''])
    const ran = readFileSync(project.path('ran'), 'utf8').trimEnd().split('\n')
    assert.equal(ran.length, ROWS)
    assert.equal(new Set(ran).size, ROWS)
    const done = await db.all('SELECT COUNT(*) AS n FROM queue WHERE status = 1 AND attempts = 1')
    assert.equal(Number((done[0] as { n: number }).n), ROWS)
    assert.deepEqual(await db.all('SELECT id FROM worker'), [])
  })
}
