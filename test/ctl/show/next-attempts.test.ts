import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attemptsAfter, MOST_SHOWN, nextAttempts, type RetryTerms } from '../../../src/ctl/show/next-attempts.ts'
import { attemptsOf, delayAfter, delaysOf } from '../../../src/queue/retry-list.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

test('the times of all attempts of a payment callback are known before the first', () => {
  const { attempts, end } = nextAttempts({ attempt: 1, at: 0 }, terms('2m,10m,10m,1h,2h,6h,15h'))

  assert.deepEqual(
    attempts.map(({ at }) => at / MINUTE),
    [0, 2, 12, 22, 82, 202, 562, 1462],
  )
  assert.deepEqual(
    attempts.map(({ attempt }) => attempt),
    [1, 2, 3, 4, 5, 6, 7, 8],
  )
  assert.equal(end, 'failed')
})

test('what has been tried is not shown again', () => {
  assert.deepEqual(nextAttempts({ attempt: 3, at: 5 * HOUR }, terms('1m,5m,30m')), {
    attempts: [
      { attempt: 3, at: 5 * HOUR },
      { attempt: 4, at: 5 * HOUR + 30 * MINUTE },
    ],
    end: 'failed',
  })
})

test('the last delay repeats when the row allows more attempts, and max_attempts ends a list early', () => {
  const times = (maxAttempts: number) => {
    const { attempts, end } = nextAttempts({ attempt: 1, at: 0 }, terms('1m,5m', maxAttempts))
    return [attempts.map(({ at }) => at / MINUTE), end]
  }

  assert.deepEqual(times(5), [[0, 1, 6, 11, 16], 'failed'])
  assert.deepEqual(times(2), [[0, 1], 'failed'])
  assert.deepEqual(times(1), [[0], 'failed'])
})

test('an empty list is one attempt, whatever the row allows', () => {
  assert.deepEqual(nextAttempts({ attempt: 1, at: 7 }, terms('none', 9)), {
    attempts: [{ attempt: 1, at: 7 }],
    end: 'failed',
  })
})

test('a task that waits is tried once more although a person has lowered its max_attempts', () => {
  assert.deepEqual(nextAttempts({ attempt: 6, at: 7 }, terms('1m', 2)), {
    attempts: [{ attempt: 6, at: 7 }],
    end: 'failed',
  })
})

test('an attempt that would come after the task expires does not come', () => {
  const expiring = (expiresAt: number) => ({ ...terms('1m,5m,30m'), expiresAt })

  assert.deepEqual(nextAttempts({ attempt: 1, at: 0 }, expiring(6 * MINUTE)), {
    attempts: [
      { attempt: 1, at: 0 },
      { attempt: 2, at: MINUTE },
    ],
    end: 'expired',
  })
  assert.deepEqual(nextAttempts({ attempt: 1, at: 10 }, expiring(10)), { attempts: [], end: 'expired' })
  assert.deepEqual(attemptsAfter({ attempt: 1, at: 0 }, expiring(MINUTE)), { attempts: [], end: 'expired' })
})

test('after the attempt that runs come those behind it, and behind the last none', () => {
  assert.deepEqual(attemptsAfter({ attempt: 2, at: 0 }, terms('1m,5m,30m')), {
    attempts: [
      { attempt: 3, at: 5 * MINUTE },
      { attempt: 4, at: 35 * MINUTE },
    ],
    end: 'failed',
  })
  assert.deepEqual(attemptsAfter({ attempt: 4, at: 0 }, terms('1m,5m,30m')), { attempts: [], end: 'failed' })
})

test('of very many attempts the first are told, and that there are more', () => {
  const all = (maxAttempts: number) => nextAttempts({ attempt: 1, at: 0 }, terms('1m', maxAttempts))

  assert.deepEqual([all(MOST_SHOWN).attempts.length, all(MOST_SHOWN).end], [MOST_SHOWN, 'failed'])
  assert.deepEqual([all(MOST_SHOWN + 1).attempts.length, all(MOST_SHOWN + 1).end], [MOST_SHOWN, 'more'])
  assert.deepEqual([all(65_535).attempts.length, all(65_535).end], [MOST_SHOWN, 'more'])
})

test('the times are what the rule of the worker adds up to, for any list', () => {
  const minutes = fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 8 })
  fc.assert(
    fc.property(
      minutes,
      fc.option(fc.integer({ min: 1, max: 12 })),
      fc.integer({ min: 1, max: 12 }),
      (list, max, used) => {
        const delays = delaysOf(list.map((it) => `${it}m`).join(','), 'none')
        const maxAttempts = attemptsOf(delays, max)

        const { attempts } = nextAttempts({ attempt: used, at: 0 }, { delays, maxAttempts, expiresAt: null })

        const [first, ...rest] = attempts
        assert.deepEqual(first, { attempt: used, at: 0 })
        for (const [i, { attempt, at }] of rest.entries()) {
          const before = attempts[i] ?? { attempt: 0, at: 0 }
          assert.ok(before.attempt < maxAttempts)
          assert.deepEqual(
            [attempt, at],
            [before.attempt + 1, before.at + (delayAfter(delays, before.attempt) ?? Number.NaN)],
          )
        }
        const last = attempts.at(-1)?.attempt ?? 0
        assert.ok(delays.length === 0 || last >= maxAttempts)
      },
    ),
  )
})

function terms(list: string, maxAttempts: number | null = null): RetryTerms {
  const delays = delaysOf(list, 'none')
  return { delays, maxAttempts: attemptsOf(delays, maxAttempts), expiresAt: null }
}
