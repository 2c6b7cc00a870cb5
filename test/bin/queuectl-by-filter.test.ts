import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STATUS } from '../../src/queue/status.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const HOUR = 3_600_000

for (const database of DATABASES) {
  test(`retry by filter: a dry run shows the first few and how many, and that is what is changed (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await many(project, 30, { status: STATUS.failed, error: 'exit code 1: timed out' })
    await many(project, 3, { status: STATUS.failed, error: 'no such customer' })
    await many(project, 2, { status: STATUS.done, error: 'timed out once' })

    const foretold = await project.run('queuectl', ['retry', '--error', 'timed out', '--dry-run'])
    const retried = await project.run('queuectl', ['retry', '--error', 'timed out'])
    const again = await project.run('queuectl', ['retry', '--error', 'timed out'])

    const lines = foretold.stdout.trimEnd().split('\n')
    assert.deepEqual(
      lines.slice(1, 6).map((line) => line.split('\t')[0]),
      ['1', '2', '3', '4', '5'],
    )
    assert.deepEqual(lines.slice(6), ['… and 25 more', 'Nothing was changed. Without --dry-run: 30 ready again'])
    assert.deepEqual([retried.code, retried.stdout, retried.stderr], [0, '30 ready again\n', ''])
    assert.deepEqual([again.code, again.stdout], [0, 'There is no such task that is failed or cancelled.\n'])
    assert.deepEqual(await states(project), { ready: 30, failed: 3, done: 2 })
  })

  test(`what a verb means without --status: hold and cancel what waits, cancel also what is held, release what is held (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    for (const status of [STATUS.ready, STATUS.scheduled, STATUS.held, STATUS.running, STATUS.done])
      await many(project, 1, { status, queue: 'mail', run_at: status === STATUS.scheduled ? HOUR : -HOUR })
    const queuectl = async (verb: string) => (await project.run('queuectl', [verb, '--queue', 'mail'])).stdout

    assert.equal(await queuectl('hold'), '2 held\n')
    assert.equal(await queuectl('release'), '3 released\n')
    assert.equal(await queuectl('cancel'), '3 cancelled\n')
    assert.equal(await queuectl('retry'), '3 ready again\n')
    assert.deepEqual(await states(project), { ready: 3, running: 1, done: 1 })
  })

  test(`ids and filters together mean those of the ids that are so; a limit takes the oldest (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await many(project, 10, { status: STATUS.failed })

    const named = await project.run('queuectl', ['retry', '2-4', '99', '--status', 'failed', '--json'])
    const limited = await project.run('queuectl', ['retry', '--status', 'failed', '--limit', '2', '--json'])

    assert.deepEqual([named.code, limited.code], [0, 0])
    assert.deepEqual(ids(named.stdout), [2, 3, 4])
    assert.deepEqual(ids(limited.stdout), [1, 5])
    assert.deepEqual(JSON.parse(named.stdout.split('\n')[0] ?? ''), {
      ...{ id: 2, result: 'changed', from: 'failed', state: 'ready' },
    })
  })

  test(`what cannot be changed is counted with its reason, and the exit code is that of success (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await many(project, 2, { status: STATUS.failed, expires_at: -HOUR })
    await many(project, 1, { status: STATUS.failed, shard_key: 'shop-7' })

    const dry = await project.run('queuectl', ['retry', '--status', 'failed', '--dry-run', '--json'])
    const { code, stdout } = await project.run('queuectl', ['retry', '--status', 'failed'])
    const held = await project.run('queuectl', ['hold', '--key', 'shop-7'])

    assert.deepEqual(
      dry.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ dryRun, result }) => [dryRun, result]),
      [
        [true, 'refused'],
        [true, 'refused'],
        [true, 'changed'],
      ],
    )
    assert.deepEqual(
      [code, stdout],
      [0, '1 ready again, 2 not: 2 have expired (--drop-expiry runs what has expired)\n'],
    )
    assert.equal(held.stdout, '1 held\nLater tasks with the key of a held one wait until that is released.\n')
  })

  test(`a signal ends it between two batches, and what was done is said (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await many(project, 1, { status: STATUS.ready })
    for (let rows = 1; rows < 16_000; rows *= 2)
      await project.db.run("INSERT INTO queue (task) SELECT 'exit' FROM queue WHERE task = 'exit'")

    const running = project.start('queuectl', ['cancel', '--task', 'exit', '--json'])
    await waitFor(() => running.stdout.includes('\n'), { what: 'the first batch' })
    running.kill('SIGINT')
    const { code, stdout } = await running.exited

    const { ready = 0, cancelled = 0 } = await states(project)
    assert.equal(code, 75)
    assert.ok(ready > 0, 'it went on to the end')
    assert.equal(cancelled, ids(stdout).length)
  })
}

async function many(project: QueueProject, count: number, row: Record<string, string | number>): Promise<void> {
  await project.insert(...Array.from({ length: count }, () => ({ task: 'exit', ...row })))
}

async function states(project: QueueProject): Promise<Record<string, number>> {
  const all = Map.groupBy(await project.states(), (state) => state)
  return Object.fromEntries([...all].map(([state, them]) => [state, them.length]))
}

function ids(ndjson: string): number[] {
  return ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).id)
}
