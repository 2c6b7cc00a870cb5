/**
 * Ticks that are killed at random moments: every due slot has one verdict and is run once, whatever they had come to.
 * `KILLS=300` for a long run, `SEED=` to repeat the moments as far as they can be.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DATABASES } from '../helpers/databases.ts'
import { seededRandom } from './seeded-random.ts'
import { assertOnce, tickProject } from './tick-project.ts'

const KILLS = Number(process.env.KILLS ?? 10)
const JOBS = 3
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

for (const database of DATABASES) {
  test(`${KILLS} ticks killed at random lose nothing and double nothing (${database.name})`, {
    timeout: 1_800_000,
  }, async (t) => {
    const random = seededRandom(SEED)
    const project = await tickProject(t, database, JOBS)
    await project.start('cron-mission', ['--at', project.minute(0)]).exited

    let killed = 0
    let tickMs = 200
    for (let minute = 1; minute <= KILLS; minute++) {
      const tick = project.start('cron-mission', ['--at', project.minute(minute)])
      await sleep(random.below(tickMs))
      tick.kill('SIGKILL')
      // The moments shift until about every other tick is killed in the midst of what it does.
      const wasKilled = (await tick.exited).signal === 'SIGKILL'
      if (wasKilled) killed++
      tickMs = Math.round(tickMs * (wasKilled ? 1.2 : 0.8))
    }
    const last = KILLS + 1
    // What is late waits its turn: five of each tick.
    for (let again = 0; again < KILLS * JOBS; again++) {
      await project.start('cron-mission', ['--at', project.minute(last)]).exited
      if ((await project.ledger()).every(({ verdict }) => verdict === 'started' || verdict === 'enqueued')) break
    }
    await project.run('do-queue', ['--concurrency', '4'])

    assertOnce(project, last + 1, await project.settled((last + 1) * JOBS))
    const ledger = await project.ledger()
    assert.equal(ledger.length, (last + 1) * JOBS)
    t.diagnostic(`SEED=${SEED}: ${killed} of ${KILLS} ticks were killed before they had ended`)
    assert.ok(killed > KILLS / 5, `${killed} were killed`)
  })
}
