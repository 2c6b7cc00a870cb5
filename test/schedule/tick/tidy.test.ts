import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTally, tallyTotals } from '../../../src/queue/store/tally.ts'
import { nextTidying, tidy } from '../../../src/schedule/tick/tidy.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { openStore } from '../../queue/stores.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

for (const database of DATABASES) {
  test(`every ten minutes a tick makes hours of old minutes, as many as there are (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const { asMs, fromMs } = db.dialect
    const kinds = async () =>
      (await db.all<{ minutes: number }>('SELECT minutes FROM tally WHERE minutes > 0 ORDER BY minutes')).map((row) =>
        Number(row.minutes),
      )
    for (let i = 0; i < 12; i++) {
      const counts = { attempts: 1, ranMs: 5, cpuMs: 1, outputBytes: 0 }
      await addTally(db, [{ queue: 'mail', task: 'send-msg', ending: 'done', durationClass: 5, ...counts }])
      await db.run(
        `UPDATE tally SET start_at = ${fromMs(`${asMs('start_at')} - ${4 * HOUR + (i + 1) * MINUTE}`)}
          WHERE minutes = 1 AND start_at > ${db.dialect.fromNow(`-${HOUR}`)}`,
      )
    }
    const minute = nextTidying(0)

    await tidy(db, minute + MINUTE)
    assert.deepEqual(await kinds(), new Array(12).fill(1))
    await tidy(db, minute)

    const hours = await kinds()
    assert.ok(hours.length <= 2 && hours.every((minutes) => minutes === 60), `${hours}`)
    assert.equal((await tallyTotals(db))[0]?.attempts, 12)
  })
}
