import assert from 'node:assert/strict'
import test from 'node:test'
import { planSchedule } from '../../../src/schedule/language/plan.ts'

const EACH = { hosts: 'each', exec: ['date'] }
const ONE = { exec: ['date'] }
const AFTER = { when: { kind: 'after', job: 'first' } }

function plan(first: object, second: object) {
  const { jobs, problems } = planSchedule({
    timezone: 'UTC',
    jobs: { first: { when: '@daily', ...first }, second: { ...AFTER, ...second } },
  })
  return { jobs: jobs.map(({ id }) => id), problems: problems.map(({ sentence }) => sentence) }
}

test('what each host runs and what one of them runs do not come after each other', () => {
  for (const [first, second, one] of [
    [EACH, ONE, 'first'],
    [ONE, EACH, 'it'],
  ] as const) {
    assert.deepEqual(plan(first, second), {
      jobs: ['first'],
      problems: [
        `Job "second": it comes after first, but only ${one} is run by each host. Give hosts: 'each' to both, or to none; both then run commands.`,
      ],
    })
  }
})

test('chains of commands on each host, or on one, are fine', () => {
  for (const side of [EACH, ONE]) assert.deepEqual(plan(side, side), { jobs: ['first', 'second'], problems: [] })
})

test('jobs of one queue have one rule for its keys', () => {
  const { jobs, problems } = planSchedule({
    timezone: 'UTC',
    jobs: {
      day: { when: '@daily', queue: 'pay', perKey: 2 },
      night: { when: '@daily', queue: 'pay' },
      same: { when: '@daily', queue: 'pay', perKey: 2 },
      other: { when: '@daily', queue: 'mail' },
    },
  })

  assert.deepEqual(
    jobs.map(({ id }) => id),
    ['day', 'same', 'other'],
  )
  assert.deepEqual(
    problems.map(({ sentence }) => sentence),
    [
      'Job "night": it works queue pay without perKey, and job day does with perKey 2. Give all jobs of a queue the same perKey.',
    ],
  )
})
