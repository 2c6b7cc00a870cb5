import assert from 'node:assert/strict'
import test from 'node:test'
import { planSchedule } from '../../../src/schedule/language/plan.ts'
import { every } from '../../../src/schedule/language/when.ts'
import { workerFlags } from '../../../src/schedule/tick/launch.ts'

const MAIL = { when: every('1m'), queue: 'mail' }

test('a worker is told its job, its shard and no more than the job says', () => {
  assert.equal(flagsOf(MAIL, 0).join(' '), '--job mail --queue mail --total 1 --shard 0 --quiet')
})

test('whatever a job says goes to its workers as a flag', () => {
  const all = {
    ...{ ...MAIL, shards: 4, concurrency: 5, batch: 20 },
    ...{ timeout: '15m', grace: '0s', retry: 'none', crash: 'hold', maxTime: '1h' },
  }

  const flags = flagsOf(all, 3)

  assert.deepEqual(pairs(flags), {
    ...{ '--job': 'mail', '--queue': 'mail', '--total': '4', '--shard': '3', '--concurrency': '5', '--batch': '20' },
    ...{ '--timeout': '900000ms', '--grace': '0ms', '--max-time': '3600000ms', '--retry': 'none', '--crash': 'hold' },
  })
})

function flagsOf(job: unknown, shard: number): string[] {
  const { jobs, problems } = planSchedule({ timezone: 'UTC', jobs: { mail: job } })
  assert.deepEqual(problems, [])
  const [planned] = jobs
  assert.ok(planned !== undefined)
  return workerFlags(planned, shard)
}

function pairs(flags: readonly string[]): Record<string, string | undefined> {
  const named = flags.flatMap((flag, i) => (flag.startsWith('--') && flag !== '--quiet' ? [[flag, flags[i + 1]]] : []))
  return Object.fromEntries(named)
}
