/**
 * The verdict on a night finds each kind of difference, and none where there is none.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NightUnderCron } from './night.ts'
import type { Probe } from './probes.ts'
import type { NightOfTicks } from './ticks.ts'
import { judge } from './verdict.ts'

const MINUTE_MS = 60_000
const CHANGE = Date.parse('2026-03-08T07:00Z')
const NIGHT = { name: 'New York, spring', zone: 'America/New_York', change: CHANGE }
const PROBES: readonly Probe[] = [
  { text: '30 1 * * *', runs: true },
  { text: '15,45 2 * * *', cronAtGapEnd: 2 },
]
const BEFORE = CHANGE - 30 * MINUTE_MS

const CASES: Record<string, { cron?: Minutes; ticks?: Partial<NightOfTicks>; difference: RegExp }> = {
  'a run that cron did not make': {
    cron: [[], [CHANGE, CHANGE]],
    difference: /^30 1 .* 01:30-05:00: cron never, we once$/,
  },
  'a run of cron at another minute': {
    cron: [[BEFORE], [CHANGE, CHANGE, CHANGE + MINUTE_MS]],
    difference: /^15,45 2 .* 03:01-04:00: cron once, we never$/,
  },
  'a deviation that did not come': {
    cron: [[BEFORE], [CHANGE]],
    difference: /^15,45 2 .* 03:00-04:00: cron once, we once$/,
  },
  'a slot that is not in the ledger': {
    ticks: { ledger: [new Set(), new Set([CHANGE])] },
    difference: /^30 1 .* the ledger has it never$/,
  },
  'a slot of another minute': {
    ticks: { ledger: [new Set([BEFORE]), new Set([CHANGE, CHANGE + MINUTE_MS])] },
    difference: /^15,45 2 .* 03:01-04:00: cron never, we never, the ledger has it once$/,
  },
  'a slot of another night': {
    ticks: { ledger: [new Set([BEFORE, CHANGE - 1_440 * MINUTE_MS]), new Set([CHANGE])] },
    difference: /^30 1 .* at 2026-03-07 02:00-05:00: a slot outside the night$/,
  },
  'a command that ran twice': {
    ticks: { ran: [[BEFORE, BEFORE], []] },
    difference: /^30 1 .* its command ran 2 times$/,
  },
  'a command that did not run': { ticks: { ran: [[], []] }, difference: /^30 1 .* its command ran never$/ },
}

type Minutes = readonly (readonly number[])[]

test('a night in which all is as it should be has its deviations and no difference', () => {
  assert.deepEqual(judge(underCron(), PROBES, ticks()), {
    cronRuns: 3,
    ourRuns: 2,
    deviations: ['15,45 2 * * *    at 2026-03-08 03:00-04:00: cron 2 times, we once'],
    differences: [],
  })
})

for (const [name, { cron, ticks: changed, difference }] of Object.entries(CASES)) {
  test(`${name} is a difference`, () => {
    const { differences } = judge(underCron(cron), PROBES, ticks(changed))

    assert.equal(differences.length, 1)
    assert.match(differences[0] ?? '', difference)
  })
}

function underCron(minutes: Minutes = [[BEFORE], [CHANGE, CHANGE]]): NightUnderCron {
  const runs = minutes.map((some) => {
    const counts = new Map<number, number>()
    for (const minute of some) counts.set(minute, (counts.get(minute) ?? 0) + 1)
    return counts
  })
  return { night: NIGHT, runs }
}

function ticks(changed: Partial<NightOfTicks> = {}): NightOfTicks {
  return { ledger: [new Set([BEFORE]), new Set([CHANGE])], ran: [[BEFORE], []], ...changed }
}
