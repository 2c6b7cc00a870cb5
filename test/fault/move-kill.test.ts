/**
 * A move to another database is killed at any moment, again and again, and every task is there exactly once in the end.
 *
 * A failure tells the seed; SEED=… runs the same moments again.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver } from '../../src/queue/driver.ts'
import { migrate } from '../../src/queue/migrate.ts'
import { begunMoves } from '../../src/queue/store/move-out.ts'
import { openDriver } from '../../src/queue/url.ts'
import { queueProject } from '../bin/queue-project.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { seededRandom } from './seeded-random.ts'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))
const KILLS = 6
const TASKS = 3_000
const LONGEST_WAIT_MS = 250

const WAYS = DATABASES.map((from, i) => ({ from, to: DATABASES[(i + 1) % DATABASES.length] as Database }))

// They wait more than they compute.
describe('killing a move at random', { concurrency: 2 }, () => {
  for (const { from, to } of WAYS) {
    test(`a move that is killed at any moment loses nothing and doubles nothing (${from.name} to ${to.name})`, async (t) => {
      t.diagnostic(`seed ${SEED}`)
      const random = seededRandom(SEED)
      const project = await queueProject(t, from)
      const { url } = await to.create(t)
      const target = await openDriver(url, '/')
      afterwards(t, () => target.close())
      await migrate(target)
      const names = Array.from({ length: TASKS }, (_, i) => `t${i}`)
      await addAll(project.db, names, 'unique')
      await addAll(target, ['theirs'], 'unique')
      const args = ['move', '--to-url', url, '--yes', '--json']
      let inTheMiddle = 0

      for (let kill = 0; kill < KILLS; kill++) {
        const mover = project.start('queuectl', args)
        const over = mover.exited.then(() => 'over' as const)
        while ((await Promise.race([over, sleep(2)])) !== 'over') {
          if ((await noted(project.db)) !== '') break
        }
        await Promise.race([over, sleep(random.below(LONGEST_WAIT_MS))])
        await mover.killTree()
        if ((await noted(project.db)) !== '') inTheMiddle++
      }
      const last = await project.run('queuectl', args)

      assert.deepEqual([last.code, last.stderr], [0, ''], `SEED=${SEED}`)
      const [here, there] = [await tasksOf(project.db), await tasksOf(target)]
      assert.deepEqual([...here, ...there].toSorted(), [...names, 'theirs'].toSorted(), `SEED=${SEED}`)
      assert.deepEqual(here, ['t0'], 'its unique value is taken there')
      // In the order in which they were added, because each has a lower id than the next.
      const numbers = there.slice(1).map((name) => Number(name.slice(1)))
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      )
      assert.equal(await noted(project.db), '')
      assert.deepEqual(await target.all("SELECT name FROM setting WHERE name LIKE 'move:%'"), [])
      assert.deepEqual(await target.all('SELECT id FROM queue WHERE status <> 0 OR held_for IS NOT NULL'), [])
      t.diagnostic(`${inTheMiddle} of ${KILLS} kills were in the middle`)
      assert.ok(inTheMiddle > 0, `No kill was in the middle of a move. SEED=${SEED}`)
    })
  }
})

/** The first has a unique value that is taken on the other side. */
async function addAll(db: Driver, names: readonly string[], unique: string): Promise<void> {
  const values = names.map((name, i) => `('${name}', ${i === 0 ? `'${unique}'` : 'NULL'})`)
  await db.run(`INSERT INTO queue (task, unique_key) VALUES ${values.join(', ')}`)
}

async function noted(db: Driver): Promise<string> {
  return (await begunMoves(db)).map(({ move }) => move.token).join(' ')
}

async function tasksOf(db: Driver): Promise<string[]> {
  return (await db.all<{ task: string }>('SELECT task FROM queue ORDER BY id')).map(({ task }) => task)
}
