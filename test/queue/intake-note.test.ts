import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkNewTask } from '../../src/queue/new-task.ts'
import { addTaken, claimIntakeNote, readIntakeNote } from '../../src/queue/store/intake-note.ts'
import { openDriver } from '../../src/queue/url.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'
import { startProxy } from '../helpers/proxy.ts'
import { openStore, PATIENCE_MS } from './stores.ts'

const PATIENCE = { forMs: PATIENCE_MS }

function rows(...params: readonly string[]) {
  return params.map((param) => checkNewTask({ task: 'a', param }, 0, Number.MAX_SAFE_INTEGER))
}

for (const database of DATABASES) {
  test(`of two that write by one note, one writes, and a claim keeps out what was read before it (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    const other = await open()
    const note = await claimIntakeNote(db, 'list', PATIENCE)
    const both = await Promise.all(
      [db, other].map((one, i) => addTaken(one, note, rows(`${i}`), { upTo: 1, rejected: [] }, PATIENCE)),
    )
    const known = await readIntakeNote(db, note.name)
    assert.ok(known)
    const claimed = await claimIntakeNote(other, 'list', PATIENCE)

    const late = await addTaken(db, known, rows('late'), { upTo: 2, rejected: [] }, PATIENCE)
    const inTime = await addTaken(db, claimed, rows('in time'), { upTo: 3, rejected: [2] }, PATIENCE)

    assert.equal(both.filter((one) => one !== undefined).length, 1)
    assert.deepEqual([note.upTo, known.upTo, claimed.upTo, late], [0, 1, 1, undefined])
    assert.deepEqual([inTime?.note.upTo, inTime?.note.rejected, inTime?.added.added], [3, [2], 1])
    const tasks = await db.all<{ param: string }>('SELECT param FROM queue ORDER BY id')
    assert.deepEqual(tasks.map(({ param }) => param).slice(1), ['in time'])
    assert.equal(tasks.length, 2)
  })
}

for (const database of DATABASES.slice(1)) {
  for (const text of ['INSERT INTO queue', 'COMMIT', 'UPDATE setting']) {
    test(`tasks are added once when the answer to ${text} is lost (${database.name})`, async (t) => {
      const { db, url } = await openStore(t, database)
      const note = await claimIntakeNote(db, 'list', PATIENCE)
      const proxy = await startProxy(t, url)
      const behind = await openDriver(proxy.url, '/')
      afterwards(t, () => behind.close())
      const lost = proxy.loseReply(text)

      const added = await addTaken(behind, note, rows('1', '2'), { upTo: 2, rejected: [] }, PATIENCE)
      await lost

      const known = await readIntakeNote(db, note.name)
      assert.equal(known?.upTo, 2)
      if (added !== undefined) assert.equal(added.note.value, known.value)
      const tasks = await db.all<{ param: string }>('SELECT param FROM queue ORDER BY id')
      assert.deepEqual(
        tasks.map(({ param }) => param),
        ['1', '2'],
      )
    })
  }
}
