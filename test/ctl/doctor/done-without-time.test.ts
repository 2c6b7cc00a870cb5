/** Tasks whose state a page has set itself: the doctor tells of them, and what it says mends them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timelessFindings } from '../../../src/ctl/doctor/left-behind.ts'
import { doneWithoutTime } from '../../../src/queue/store/left-behind.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { openStore, put } from '../../queue/stores.ts'

for (const database of DATABASES) {
  test(`done tasks without a time are told of, and mended (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'b' }, { task: 'c' })
    await db.run(`UPDATE queue SET status = 1, finished_at = ${db.dialect.now} WHERE task = 'c'`)
    assert.deepEqual(timelessFindings(await doneWithoutTime(db)), [])
    await db.run("UPDATE queue SET status = 1 WHERE task = 'b'")

    const [finding] = timelessFindings(await doneWithoutTime(db))
    await db.run(String(finding?.fix))

    assert.match(String(finding?.sentence), /^Among 1,000 done tasks there are 1 without a finished_at, such as 2: /)
    assert.equal(await doneWithoutTime(db), undefined)
    const times = await db.all<{ id: number }>('SELECT id FROM queue WHERE finished_at IS NOT NULL ORDER BY id')
    assert.deepEqual(
      times.map(({ id }) => Number(id)),
      [2, 3],
    )
  })
}
