import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import test from 'node:test'
import { addPause } from '../../src/queue/store/pause.ts'
import { addStop, removeStops } from '../../src/queue/store/stop.ts'
import { DATABASES } from '../helpers/databases.ts'
import { HOUR, whyProject } from './why-project.ts'

const PATIENCE_MS = 1_000
const EVERYWHERE = { job: 'mail', host: '*' }

const SCHEDULE = `import { always, cron, defineSchedule } from 'cron-mission'
export default defineSchedule({
  timezone: 'UTC',
  jobs: {
    mail: { when: cron('0 0 29 2 *'), queue: 'mail' },
    orders: { when: cron('0 0 29 2 *'), queue: 'orders', paused: 'stocktaking' },
    report: { when: cron('0 0 29 2 *'), exec: ['bin/report'] },
  },
})
`

for (const database of DATABASES) {
  test(`no worker: what the schedule does about the queue, as the last tick has left it (${database.name})`, async (t) => {
    const project = await whyProject(t, database, { schedule: SCHEDULE })
    const { db, put, why } = project
    const [mail, orders, other, run, removed] = (await project.insert(
      ...['mail', 'orders', 'other', 'exec:report', 'exec:gone'].map((queue) => ({ task: 'say', queue })),
    )) as [number, number, number, number, number]
    const sentenceOf = async (id: number) => {
      const { case: kind, sentence } = await why(id)
      return [kind, sentence.replace(/TIME \(in [\dhd]+\)/, 'TIME (in YEARS)')]
    }

    assert.deepEqual(await sentenceOf(mail), [
      'no-worker',
      `Task ${mail} is ready, and no worker works the queue mail.`,
    ])
    await project.run('cron-mission')
    const waits = await why(mail)
    const none = 'no worker works the queue'
    assert.deepEqual(await sentenceOf(mail), [
      'waits-for-job',
      `Task ${mail} is ready, and ${none} mail: job mail, which starts some, is due TIME (in YEARS).`,
    ])
    assert.equal(waits.next, 'do-queue --queue mail')
    assert.equal(waits.facts['last tick'], 'TIME (now) on HERE')
    assert.deepEqual(await sentenceOf(orders), [
      'job-paused',
      `Task ${orders} is ready, and ${none} orders: job orders is paused in the schedule: stocktaking.`,
    ])
    assert.deepEqual(await sentenceOf(other), [
      'no-job',
      `Task ${other} is ready, and ${none} other, and no job of the schedule does.`,
    ])
    assert.deepEqual(await sentenceOf(run), [
      'waits-for-tick',
      `Task ${run} is ready, and ${none} exec:report: the next tick starts one, for job report.`,
    ])
    assert.deepEqual(await sentenceOf(removed), [
      'no-job',
      `Task ${removed} is ready, and ${none} exec:gone: its job is not in the schedule any more.`,
    ])
    assert.equal((await why(removed)).next, `queuectl cancel ${removed}`)

    const slotAt = Date.now() - 30_000
    await db.run(
      `INSERT INTO slot (job, slot_at, verdict, reason, host) VALUES ('mail', ${db.dialect.fromMs('?')}, 'load', '3.2 per core', 'web-1')`,
      [slotAt],
    )
    assert.deepEqual(await sentenceOf(mail), [
      'job-not-started',
      `Task ${mail} is ready, and ${none} mail: job mail started none for TIME, load (3.2 per core), and is due TIME (in YEARS).`,
    ])
    assert.equal((await why(mail)).next, 'cron-mission why mail')

    await db.run(`UPDATE setting SET mtime = ${db.dialect.fromNow('?')} WHERE name LIKE 'tick:%'`, [-HOUR])
    assert.deepEqual(await sentenceOf(mail), [
      'no-tick',
      `Task ${mail} is ready, and ${none} mail: job mail would start one, and no tick has run since TIME on HERE.`,
    ])
    assert.equal((await why(mail)).next, 'cron-mission doctor')

    await addPause(db, EVERYWHERE, { by: 'eve@web-1', reason: 'disk swap', until: null }, PATIENCE_MS)
    assert.deepEqual(await sentenceOf(mail), [
      'job-paused',
      `Task ${mail} is ready, and ${none} mail: job mail is paused since TIME by eve@web-1: disk swap.`,
    ])
    await removeStops(db, [{ kind: 'pause', ...EVERYWHERE }], PATIENCE_MS)
    await addStop(db, EVERYWHERE, 'eve@web-1', PATIENCE_MS)
    assert.deepEqual(await sentenceOf(mail), [
      'job-stopped',
      `Task ${mail} is ready, and ${none} mail: job mail is stopped since TIME by eve@web-1.`,
    ])
    assert.equal((await why(mail)).next, 'cron-mission resume mail --all-hosts')

    const due = await put('queue', { task: 'say', status: 4, run_at: -10_000 })
    assert.equal((await why(due)).case, 'not-promoted')
    await db.run(`UPDATE setting SET mtime = ${db.dialect.now} WHERE name LIKE 'tick:%'`)
    assert.match(
      (await why(due)).sentence,
      /^Task \d+ has been due since TIME \(now\): the next tick or worker makes it ready\.$/,
    )

    rmSync(project.path('schedule.ts'))
    assert.deepEqual(await sentenceOf(orders), ['no-worker', `Task ${orders} is ready, and ${none} orders.`])
  })
}
