import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tallyTotals } from '../../src/queue/store/tally.ts'
import { faultProject, killed } from '../fault/fault-project.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

/** `queue task ending: attempts`, without durations. */
async function tally({ db }: Pick<QueueProject, 'db'>): Promise<string[]> {
  const sums = new Map<string, number>()
  for (const { queue, task, ending, attempts } of await tallyTotals(db)) {
    const key = `${queue} ${task} ${ending}`
    sums.set(key, (sums.get(key) ?? 0) + attempts)
  }
  return [...sums].map(([key, attempts]) => `${key}: ${attempts}`).toSorted()
}

for (const database of DATABASES) {
  test(`workers add up what ended, and how (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(
      ...Array.from({ length: 20 }, () => ({ task: 'say', param: 'hello' })),
      ...Array.from({ length: 10 }, () => ({ task: 'say', param: 'hello', queue: 'mail' })),
      { task: 'exit', param: '1', retry: '1h' },
      { task: 'exit', param: '1', retry: 'none' },
      { task: 'exit', param: '65' },
      { task: 'hang', timeout_s: 1, retry: 'none' },
      { task: 'nowhere', retry: 'none' },
      { task: 'say', param: 'late', expires_at: -1_000 },
    )

    await Promise.all([
      ...[0, 1, 2].map((shard) => project.start('do-queue', ['--total', '3', '--shard', `${shard}`]).exited),
      project.start('do-queue', ['--queue', 'mail', '--concurrency', '2']).exited,
    ])

    const expected = [
      ...['default exit failed: 2', 'default exit retried: 1', 'default hang failed: 1', 'default nowhere failed: 1'],
      ...['default say done: 20', 'default say failed: 1', 'mail say done: 10'],
    ]
    assert.deepEqual(await tally(project), expected)
    const sums = await tallyTotals(project.db)
    const of = (task: string, ending: string) => sums.filter((sum) => sum.task === task && sum.ending === ending)
    assert.ok(of('hang', 'failed').every(({ ranMs }) => ranMs >= 1_000 && ranMs < 10_000))
    assert.ok(of('say', 'done').every(({ durationClass, outputBytes }) => durationClass > 0 && outputBytes > 0))
    assert.ok([...of('nowhere', 'failed'), ...of('say', 'failed')].every(({ durationClass }) => durationClass === 0))
    await project.nothingIsLeft()
  })

  test(`what a worker that goes on working has done is there within moments (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert({ task: 'say' }, { task: 'wait-for', param: 'go' })
    const worker = project.start('do-queue', [])
    t.after(() => worker.kill('SIGKILL'))

    await waitFor(async () => (await tally(project)).includes('default say done: 1'), {
      what: 'the first to be counted',
    })
    project.release('go')
    await worker.exited

    assert.deepEqual(await tally(project), ['default say done: 1', 'default wait-for done: 1'])
  })

  test(`what a killed worker's programs did is counted once, by whoever books it (${database.name})`, async (t) => {
    const project = await faultProject(t, database)
    const ids = await project.insert(...[1, 2].map((n) => ({ task: 'finish-when', param: `go ${n}000 0` })))
    const worker = await project.working(ids, ['--concurrency', '2'])

    await killed(worker)
    project.release('go')
    await waitFor(() => project.runners().length === 0, { what: 'the runners to leave' })
    assert.deepEqual(await tally(project), [])
    await project.once('do-queue', ['--quiet'])

    assert.deepEqual(await tally(project), ['default finish-when done: 2'])
    await project.adopted()
  })

  test(`a result whose claim was lost is not counted (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [id] = await project.insert({ task: 'wait-for', param: 'go' })
    const worker = project.start('do-queue', [])
    await project.started(id)
    await project.db.run('UPDATE queue SET status = 0, claim_token = NULL, worker_id = NULL, run_at = run_at WHERE id = ?', [id as number]) // biome-ignore format: one line

    project.release('go')
    await worker.exited

    assert.deepEqual(await tally(project), ['default wait-for done: 1'])
  })

  test(`a tally that cannot be written disturbs no work (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert({ task: 'say' }, { task: 'say' })
    await project.db.run('DROP TABLE tally')

    const { code, stderr } = await project.run('do-queue', [])

    assert.deepEqual([code, stderr, await project.states()], [0, '', ['done', 'done']])
  })
}
