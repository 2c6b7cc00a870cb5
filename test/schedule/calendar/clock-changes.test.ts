import assert from 'node:assert/strict'
import test from 'node:test'
import { clockChanges, dueNote, gapAround, minutesOfWall } from '../../../src/schedule/calendar/clock-changes.ts'
import { noteText } from '../../../src/schedule/calendar/note-text.ts'
import type { When } from '../../../src/schedule/language/when.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const BERLIN = 'Europe/Berlin'
const SPRING = Date.UTC(2026, 2, 29, 1)
const AUTUMN = Date.UTC(2026, 9, 25, 1)

test('the changes of a year, with the offsets before and after', () => {
  assert.deepEqual(clockChanges(BERLIN, Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)), [
    { at: SPRING, before: HOUR_MS, after: 2 * HOUR_MS },
    { at: AUTUMN, before: 2 * HOUR_MS, after: HOUR_MS },
  ])
  assert.deepEqual(clockChanges('Asia/Tokyo', Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)), [])
  const [lordHowe] = clockChanges('Australia/Lord_Howe', Date.UTC(2026, 3, 1), Date.UTC(2026, 4, 1))
  assert.equal((lordHowe?.after ?? 0) - (lordHowe?.before ?? 0), -HOUR_MS / 2)
})

test('what a gap skipped is named at its end, for the words that it made up for', () => {
  const job = { when: [daily('02:30', '02:10', '03:00'), cron('*/30 * * * *')], except: [], timezone: BERLIN }

  assert.deepEqual(dueNote(job, SPRING), { kind: 'gap', skipped: ['02:10', '02:30'] })
  assert.equal(noteText(job, SPRING), 'runs at 03:00 because 02:10, 02:30 do not exist')
  assert.equal(dueNote(job, SPRING + 30 * MINUTE_MS), undefined)
  assert.equal(dueNote({ ...job, when: [cron('*/30 * * * *')] }, SPRING), undefined)
})

test('of a time that comes twice it is said which one this is', () => {
  const fixed = { when: [daily('02:30')], except: [], timezone: BERLIN }
  const real = { ...fixed, when: [cron('*/30 * * * *')] }
  const [first, second] = [AUTUMN - 30 * MINUTE_MS, AUTUMN + 30 * MINUTE_MS]

  assert.deepEqual(dueNote(fixed, first), { kind: 'first-pass' })
  assert.deepEqual(dueNote(real, first), { kind: 'both-passes', pass: 1 })
  assert.deepEqual(dueNote(real, second), { kind: 'both-passes', pass: 2 })
  assert.equal(dueNote(real, AUTUMN + HOUR_MS), undefined)
  assert.equal(dueNote(real, AUTUMN - 90 * MINUTE_MS), undefined)
})

test('a time on the wall is one minute, or two, or none', () => {
  assert.deepEqual(minutesOfWall(BERLIN, Date.UTC(2026, 9, 25, 2, 30)), [
    AUTUMN - 30 * MINUTE_MS,
    AUTUMN + 30 * MINUTE_MS,
  ])
  assert.deepEqual(minutesOfWall(BERLIN, Date.UTC(2026, 9, 25, 3)), [AUTUMN + HOUR_MS])
  assert.deepEqual(minutesOfWall(BERLIN, Date.UTC(2026, 2, 29, 2, 30)), [])
  assert.equal(gapAround(BERLIN, Date.UTC(2026, 2, 29, 2, 30))?.at, SPRING)
})

function daily(...times: string[]): When {
  return { kind: 'daily', times }
}

function cron(text: string): When {
  return { kind: 'cron', text }
}
