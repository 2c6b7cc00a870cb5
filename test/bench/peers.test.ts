/** What the bench of the other queues makes of its runs, and how it talks to their processes. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isMet } from '../../bench/comparison.ts'
import { Client } from '../../bench/peers/client.ts'
import { comparisonsOf, type Series } from '../../bench/peers/found.ts'
import { latencyComparisons } from '../../bench/peers/latency-found.ts'
import { shares } from '../../bench/peers/peer.ts'
import { cpuSecondsOfTree } from '../../bench/peers/process-tree.ts'
import { startWorkers } from '../../bench/peers/worker.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'
import { keep } from '../helpers/keeper.ts'
import { waitFor } from '../helpers/processes.ts'

const SCENARIO = { program: 'nothing', tasks: 101, concurrency: 4, processes: 1 } as const

function series(name: string, kind: Series['kind'], seconds: readonly number[], enqueueSeconds = 0): Series {
  const run = (workSeconds: number) => ({ enqueueSeconds, workSeconds, cpuSeconds: 0.101 })
  return { name, kind, runs: seconds.map((one) => ({ whole: run(one), single: run(one / 2) })) }
}

test('ours is held against the fastest of the other queues, enqueuing included, and not against the yardstick', () => {
  const all = [
    series('xargs', 'yardstick', [1, 1, 1]),
    series('do-queue', 'ours', [2, 2, 2]),
    series('slow to enqueue', 'peer', [1, 1, 1], 5),
    series('fast', 'peer', [2.5, 1, 2.5]),
  ]

  const fastest = comparisonsOf(SCENARIO, all).find(({ id }) => id === 'nothing-4-fastest')

  assert.equal(fastest?.rival, 'fast')
  assert.deepEqual(
    fastest?.sides.map(({ name }) => name),
    ['do-queue', 'fast'],
  )
  assert.ok(fastest?.goals?.every((goal) => isMet(fastest, goal)))
  const slower = comparisonsOf(SCENARIO, all.with(1, series('do-queue', 'ours', [3, 3, 3])))
  assert.ok(slower.some((one) => one.goals?.some((goal) => !isMet(one, goal))))
})

test('without enqueuing and start is the rate of all tasks but the one that was run alone', () => {
  const all = [series('xargs', 'yardstick', [1]), series('do-queue', 'ours', [4], 7)]

  const started = comparisonsOf(SCENARIO, all).find(({ id }) => id === 'nothing-4-started')

  assert.deepEqual(
    started?.sides.map(({ samples }) => samples),
    [[200], [50]],
  )
})

test('several workers share what runs at a time, and none is without', () => {
  assert.deepEqual(shares(10, 1), [10])
  assert.deepEqual(shares(10, 4), [2, 2, 3, 3])
  assert.deepEqual(shares(2, 4), [1, 1])
})

test('p50 is of each round, p99 of the tasks of all rounds, and each way of adding has its own goal', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  const rounds = [hundred, hundred.map((ms) => ms / 10)]
  const ways = [
    { name: 'do-queue, library', ours: true, rounds, accepted: [] },
    { name: 'do-queue, INSERT', ours: true, rounds: [[1, 24, 300]], accepted: [] },
    { name: 'other', ours: false, rounds: [[1], [2]], accepted: [] },
  ]

  const [p50, p99] = latencyComparisons(ways, [])

  assert.deepEqual(p50?.sides[0]?.samples, [50, 5])
  assert.deepEqual(p99?.sides[0]?.samples, [98])
  assert.deepEqual(
    p50?.goals?.map((goal) => isMet(p50, goal)),
    [false, true],
  )
  assert.deepEqual(
    p99?.goals?.map((goal) => isMet(p99, goal)),
    [true, false],
  )
})

test('a client that ends tells its last words to whoever asks', async (t) => {
  const text = 'read -r line; echo "1.5 2"; read -r line; echo no such queue >&2; exit 3'
  const client = new Client({ command: ['/bin/sh', '-c', text], directory: '/', environment: {} })
  afterwards(t, () => client.close())

  assert.deepEqual(await client.numbers('enqueue 1'), [1.5, 2])
  await assert.rejects(client.numbers('remaining'), /ended with 3\.\nno such queue/)
  await assert.rejects(client.ask('remaining'), /no such queue/)
})

test('the CPU of workers has that of what they started in it', async (t) => {
  const directory = temporaryDirectory(t)
  const keeper = keep(directory)
  afterwards(t, () => keeper.close())
  const burn = 'i=0; while [ $i -lt 600000 ]; do i=$((i + 1)); done'
  const command = {
    command: ['/bin/sh', '-c', `(${burn}); : >burnt; exec sleep 60`],
    directory,
    environment: { PATH: '/usr/bin:/bin' },
  }
  const workers = startWorkers(keeper, [command])
  const pid = workers.pids[0] ?? 0

  // What a child has used counts when its parent has waited for it.
  await waitFor(() => existsSync(join(directory, 'burnt')), { what: 'CPU to be used' })
  const burnt = cpuSecondsOfTree(pid)

  assert.ok(burnt > 0)
  assert.ok(!workers.hasEnded())
  assert.ok((await workers.stop()) >= burnt / 2)
  assert.ok(workers.hasEnded())
})
