/**
 * Tasks with one shard_key run one at a time and in order, whoever works the queue and however they end: told by the
 * programs themselves, which write down when they start and when they end.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketOfKey } from '../../src/queue/bucket.ts'
import { type NewRow, type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'

/** `key seconds code…`: runs so long, and ends with the first code at its first run, with the second at its second, …, then 0. */
const STEP = `#!/bin/sh
set -- $1
echo "start $1 $TASK_ID" >>steps
echo >>"runs.$TASK_ID"
[ "$2" = 0 ] || sleep "$2"
code=$(echo "$*" | cut -d' ' -f"$(($(grep -c '' "runs.$TASK_ID") + 2))")
echo "end $1 $TASK_ID" >>steps
exit "\${code:-0}"
`
const KEYS = ['red', 'green', 'blue', 'grey', 'black']
const TASKS_PER_KEY = 14
const ALL_DONE_LIMIT_MS = 60_000

for (const database of DATABASES) {
  test(`under workers of different totals, with retries in between, each key keeps its order (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { tasks: { step: STEP } })
    const rows = Array.from({ length: TASKS_PER_KEY }, (_, round) =>
      KEYS.flatMap((key, place) => [stepOf(key, endings(round + place)), unkeyed()]),
    ).flat()
    const ids = await project.insert(...rows)

    const flags = ['--watch', '--concurrency', '8', '--batch', '40', '--quiet']
    const workers = [
      project.start('do-queue', [...flags, '--total', '1']),
      project.start('do-queue', [...flags, '--total', '3', '--shard', '0']),
      project.start('do-queue', [...flags, '--total', '3', '--shard', '1-2']),
    ]
    await waitFor(async () => (await project.states()).every((state) => state === 'done' || state === 'failed'), {
      what: 'every task to be finished',
      timeoutMs: ALL_DONE_LIMIT_MS,
    })
    for (const worker of workers) worker.kill('SIGTERM')
    for (const { exited } of workers) assert.equal((await exited).code, 0)

    assertOrder(project)
    for (const [i, id] of ids.entries()) {
      const param = String(rows[i]?.param)
      const runs = Math.max(1, param.split(' ').length - 2)
      assert.equal(project.lines(`runs.${id}`).length, runs, `runs of task ${id}, which is "${param}"`)
    }
    await project.nothingIsLeft()
  })

  test(`a worker works off a long run of one key without a pause, and others beside it (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { tasks: { step: STEP } })
    const bucket = bucketOfKey('hot')
    await project.insert(
      ...new Array(150).fill(stepOf('hot', '')),
      ...new Array(50).fill({ ...unkeyed('0.05'), bucket }),
    )

    const began = performance.now()
    const { code, stdout } = await project.run('do-queue', ['--concurrency', '4'])
    const seconds = (performance.now() - began) / 1_000

    assert.match(`${code} ${stdout}`, /^0 200 done/)
    assert.ok(seconds < 15, `${seconds} s`)
    assertOrder(project)
    const lines = project.lines('steps')
    const lastOther = lines.findLastIndex((line) => line.startsWith('end - '))
    const hotBefore = lines.slice(0, lastOther).filter((line) => line.startsWith('end hot ')).length
    assert.ok(hotBefore < 150, 'the others waited until the key was done')
  })

  test(`a key whose task waits for its retry is left for later, and nothing else is (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { tasks: { step: STEP } })
    await project.insert(
      { ...stepOf('held', '1'), retry: '1h' },
      stepOf('held', ''),
      stepOf('held', ''),
      stepOf('free', ''),
      unkeyed(),
    )

    const { code, stdout } = await project.run('do-queue', ['--concurrency', '2'])

    assert.match(`${code} ${stdout}`, /^0 2 done, 1 to be retried/)
    assert.deepEqual(await project.states(), ['scheduled', 'ready', 'ready', 'done', 'done'])
  })

  test(`a task that was stopped comes before the later ones of its key (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { tasks: { step: STEP } })
    const ids = await project.insert(stepOf('red', '', '600'), stepOf('red', ''), stepOf('red', ''))
    const worker = project.start('do-queue', ['--concurrency', '3'])
    await waitFor(() => project.lines('steps').length === 1, { what: 'the first to run' })

    worker.kill('SIGTERM')
    await waitFor(() => project.events('drain').length === 1, { what: 'the worker to drain' })
    worker.kill('SIGTERM')
    await worker.exited
    assert.deepEqual(await project.states(), ['scheduled', 'ready', 'ready'])
    await project.db.run("UPDATE queue SET param = 'red 0' WHERE id = ?", [Number(ids[0])])
    await waitFor(
      async () => {
        await project.run('do-queue', ['--quiet'])
        return (await project.states()).every((state) => state === 'done')
      },
      { what: 'all to be done' },
    )

    const started = project.lines('steps').filter((line) => line.startsWith('start'))
    assert.deepEqual(
      started.map((line) => Number(line.split(' ')[2])),
      [ids[0], ...ids],
    )
  })
}

/** Of the tasks of a key, some fail, some say "try later", and some fail for good. */
function endings(number: number): string {
  return ({ 2: '1 0', 4: '75 0', 7: '65', 11: '1 1 0' } as Record<number, string>)[number % 13] ?? ''
}

function stepOf(key: string, codes: string, seconds = '0'): NewRow {
  return {
    task: 'step',
    param: `${key} ${seconds} ${codes}`.trim(),
    shard_key: key,
    bucket: bucketOfKey(key),
    retry: '100ms,100ms',
  }
}

function unkeyed(seconds = '0'): NewRow {
  return { task: 'step', param: `- ${seconds}` }
}

/** Of each key a task ends before the next one starts; only one that is not finished is followed by itself. */
function assertOrder(project: QueueProject): void {
  const byKey = Map.groupBy(
    project.lines('steps').map((line) => line.split(' ')),
    ([, key]) => key,
  )
  byKey.delete('-')
  for (const [key, lines] of byKey) {
    let last = 0
    for (let i = 0; i < lines.length; i += 2) {
      const [start, end] = [lines[i], lines[i + 1]]
      assert.deepEqual([start?.[0], end?.[0]], ['start', 'end'], `${key}: line ${i}: ${start} then ${end}`)
      assert.equal(start?.[2], end?.[2], `${key}: ${start} and ${end} overlap`)
      assert.ok(Number(start?.[2]) >= last, `${key}: task ${start?.[2]} starts after task ${last}`)
      last = Number(start?.[2])
    }
  }
}
