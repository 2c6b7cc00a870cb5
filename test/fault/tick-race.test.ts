/**
 * Several ticks of the same minute at once, as processes: every slot is started once. `SLOTS=1000` for a long run.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { DATABASES } from '../helpers/databases.ts'
import { assertOnce, tickProject } from './tick-project.ts'

const SLOTS = Number(process.env.SLOTS ?? 40)
const JOBS = 10

for (const database of DATABASES) {
  for (const ticks of [2, 5]) {
    test(`${ticks} ticks of each minute start each of ${SLOTS} slots once (${database.name})`, {
      timeout: 900_000,
    }, async (t) => {
      const project = await tickProject(t, database, JOBS)
      const minutes = Math.ceil(SLOTS / JOBS)

      for (let minute = 0; minute < minutes; minute++) {
        const args = ['--at', project.minute(minute)]
        const ended = await Promise.all(Array.from({ length: ticks }, () => project.start('cron-mission', args).exited))
        for (const { code, stderr } of ended) assert.deepEqual([code, stderr], [0, ''])
      }
      await project.run('do-queue', ['--concurrency', '4'])

      assertOnce(project, minutes, await project.settled(minutes * JOBS))
      const ledger = await project.ledger()
      assert.equal(ledger.length, minutes * JOBS)
      assert.ok(ledger.every(({ verdict }) => verdict === 'started' || verdict === 'enqueued'))
    })
  }
}
