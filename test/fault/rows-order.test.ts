/** One program at a time: the order of the rows is the order of the runs, wherever in the buckets they lie. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NewRow, queueProject } from '../bin/queue-project.ts'
import { DATABASES } from '../helpers/databases.ts'

const ROWS = 90
const SHARDS = 3

for (const database of DATABASES) {
  test(`one program at a time runs in the order of priority, then of the rows, over all buckets (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const rows = shuffledRows()
    const ids = await project.insert(...rows)

    await project.run('do-queue', ['--total', '4', '--shard', 'all', '--concurrency', '1'])

    assert.deepEqual(project.lines('runs').map(Number), inOrder(rows, ids))
  })

  test(`each of several workers keeps the order within its shard (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const rows = shuffledRows()
    const ids = await project.insert(...rows)

    const shards = Array.from({ length: SHARDS }, (_, shard) => shard)
    await Promise.all(
      shards.map((shard) => project.start('do-queue', ['--total', `${SHARDS}`, '--shard', `${shard}`]).exited),
    )

    const runs = project.lines('runs').map(Number)
    assert.deepEqual(
      runs.toSorted((a, b) => a - b),
      ids,
    )
    for (const shard of shards) {
      const isOurs = (id: number) => Number(rows[ids.indexOf(id)]?.bucket) % SHARDS === shard
      assert.deepEqual(runs.filter(isOurs), inOrder(rows, ids).filter(isOurs), `shard ${shard}`)
    }
    await project.nothingIsLeft()
  })
}

/** Eleven priorities over sixty buckets; the strides make the two, and the order of insertion, independent. */
function shuffledRows(): NewRow[] {
  return Array.from({ length: ROWS }, (_, i) => ({
    task: 'tally',
    priority: ((i * 7) % 11) - 5,
    bucket: (i * 37) % 60,
  }))
}

function inOrder(rows: readonly NewRow[], ids: readonly number[]): number[] {
  const priority = (id: number) => Number(rows[ids.indexOf(id)]?.priority)
  return ids.toSorted((a, b) => priority(a) - priority(b) || a - b)
}
