import assert from 'node:assert/strict'
import test from 'node:test'
import { DATABASES } from '../../helpers/databases.ts'
import { tickPlace } from './tick-place.ts'

const JOBS = { intake: { when: { kind: 'always' }, exec: ['bin/intake'] } }

for (const database of DATABASES) {
  test(`a command that is always at work is run again when it has ended, and not before (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const runs = () =>
      place.db.all<{ id: number; retry: string }>("SELECT id, retry FROM queue WHERE queue = 'exec:intake'")
    await place.tick('2026-11-20T02:30', JOBS)
    const [worker] = await place.starts(1)
    await place.db.run('UPDATE queue SET status = 2')
    await place.tick('2026-11-20T02:31', JOBS)
    const whileItRuns = await runs()
    await place.db.run(`UPDATE queue SET status = 3, exit_signal = 'SIGKILL', finished_at = ${place.db.dialect.now}`)

    await place.tick('2026-11-20T02:32', JOBS)

    await place.starts(2)
    assert.ok(worker?.includes('--exec') && !worker.includes('--watch'), String(worker))
    assert.deepEqual(
      whileItRuns.map(({ retry }) => retry),
      ['none'],
    )
    assert.equal((await runs()).length, 2)
    assert.deepEqual(await place.ledger(), ['02:30 started', '02:32 started'])
    assert.equal((await place.slots())[0]?.outcome, 'failed')
  })
}
