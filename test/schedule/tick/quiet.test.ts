/**
 * Quiet minutes are held against the look-back that a tick does: no job may have a slot to be decided in one of them.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { PlannedJob } from '../../../src/schedule/language/plan.ts'
import { lookBack } from '../../../src/schedule/tick/look-back.ts'
import { quietAfter } from '../../../src/schedule/tick/quiet.ts'
import { nextTidying } from '../../../src/schedule/tick/tidy.ts'
import { plannedJob } from '../planned-job.ts'

const MINUTE_MS = 60_000
const NOON = Date.UTC(2026, 10, 20, 12)
const HOST = 'web-1'
const QUEUE = { kind: 'queue', queue: 'mail', shards: 1 } as const

function job(id: string, text: string, options: Partial<PlannedJob> = {}): PlannedJob {
  return plannedJob(QUEUE, { id, when: [{ kind: 'cron', text }], ...options })
}

test('it is quiet until the first of the jobs is due', () => {
  const jobs = [job('late', '0 18 * * *'), job('early', '5 12 * * *')]

  assert.deepEqual(quietAfter(jobs, NOON, HOST), { after: NOON, before: NOON + 5 * MINUTE_MS })
})

test('what is due in the very next minute leaves nothing quiet', () => {
  assert.deepEqual(quietAfter([job('always', '* * * * *')], NOON, HOST), { after: NOON, before: NOON + MINUTE_MS })
})

test('what an exception removes is not waited for', () => {
  const lunch = job('mail', '*/2 * * * *', { except: [{ kind: 'cron', text: '0-4 12 * * *' }] })

  assert.equal(quietAfter([lunch], NOON, HOST)?.before, NOON + 6 * MINUTE_MS)
})

test('without a job that is due, it is quiet until something is to be cleared away', () => {
  const over = plannedJob(QUEUE, { when: [{ kind: 'once', time: '2020-01-01 00:00' }] })

  assert.equal(quietAfter([over], NOON, HOST)?.before, nextTidying(NOON))
  assert.equal(quietAfter([], NOON, HOST)?.before, nextTidying(NOON))
})

for (const [what, options] of Object.entries({
  'an always': { always: true },
  'an after': { after: { job: 'import', withinMs: 1_000 } },
  'a notify on silence': { notify: { url: 'http://localhost', silenceMs: 1_000 } },
})) {
  test(`with ${what} every minute is looked at: the database decides`, () => {
    const jobs = [job('mail', '0 18 * * *'), job('other', '0 18 * * *', options)]

    assert.equal(quietAfter(jobs, NOON, HOST), undefined)
  })
}

test('a look-back finds nothing in a quiet minute, and something in the first that is not', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']
  const texts = ['0 3 * * *', '*/17 * * * *', '30 2 * * 0', '5 */6 * * *']
  const starts = [NOON, Date.UTC(2026, 9, 24, 23), Date.UTC(2026, 2, 29, 0), Date.UTC(2026, 2, 8, 6)]
  let found = 0
  for (const timezone of zones) {
    for (const text of texts) {
      for (const spreadMs of [0, 25 * MINUTE_MS]) {
        const one = job(`${text} ${spreadMs}`, text, { timezone, spreadMs, hosts: 'each' })
        for (const start of starts) found += walk(one, start, start + 3 * 3_600_000)
      }
    }
  }
  assert.ok(found > 100, `only ${found} slots were come to`)
})

/** From one minute that is not quiet to the next. @returns how many slots were due in them */
function walk(one: PlannedJob, start: number, end: number): number {
  const due = (minute: number, decidedUntil: number) =>
    lookBack(one, { minute, decidedUntil, knownSince: undefined, host: HOST }).due.length
  let found = 0
  for (let at = start; at < end; ) {
    const { before } = quietAfter([one], at, HOST) ?? { before: at }
    const facts = `${one.timezone}, ${one.id}, from ${new Date(at).toISOString()} to ${new Date(before).toISOString()}`
    const slots = due(before, before - MINUTE_MS)
    assert.ok(before > at, facts)
    if (before - at > MINUTE_MS) assert.equal(due(before - MINUTE_MS, at), 0, facts)
    assert.ok(slots === 1 || before === nextTidying(at), facts)
    found += slots
    at = before
  }
  return found
}
