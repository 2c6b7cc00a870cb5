/** A dead worker's programs on a host that the database cannot be reached from. */
import assert from 'node:assert/strict'
import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allGone, queueProject } from '../bin/queue-project.ts'
import { DATABASES } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'

const AWAY = { QUEUE_URL: 'mysql://shop@127.0.0.1:1/shop' }
const schedule = `import { daily, defineSchedule } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: { nightly: { when: daily('02:30'), queue: 'nightly' } } })
`

for (const database of DATABASES.filter(({ name }) => name === 'mariadb')) {
  test('a tick that finds the database away ends a dead worker’s programs before their lease does, and no sooner', async (t) => {
    const project = await queueProject(t, database, { schedule })
    const [id] = await project.insert({ task: 'hang' })
    const worker = project.start('do-queue', ['--grace', '1s'])
    const pids = await project.started(id)
    worker.kill('SIGKILL')
    await worker.exited
    const [owner = ''] = readdirSync(await project.workerDirectory(1)).filter((name) => name.startsWith('owner.'))
    const path = join(await project.workerDirectory(1), owner)
    const tick = () => project.start('cron-mission', ['--at', '2026-11-20T18:30:00Z'], { env: AWAY }).exited

    lasts(path, 300)
    assert.deepEqual((await tick()).code, 0)
    assert.ok(pids.every(isAlive), 'their lease lasts longer than the next tick needs')
    lasts(path, 60)
    assert.deepEqual((await tick()).code, 0)

    await allGone(pids)
    const next = project.start('do-queue', ['--queue', 'other'])
    await next.exited
    assert.equal((await project.row(id)).attempts, 0)
    assert.deepEqual(
      (await project.attempts(id)).map(({ outcome }) => outcome),
      ['stopped'],
    )
    await project.nothingIsLeft()
  })
}

function lasts(path: string, seconds: number): void {
  const until = Date.now() / 1_000 + seconds
  utimesSync(path, until, until)
}
