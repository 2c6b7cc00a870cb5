import assert from 'node:assert/strict'
import test from 'node:test'
import { compileCron } from '../../../src/schedule/calendar/cron-expression.ts'
import { dueAt } from '../../../src/schedule/calendar/due.ts'
import { clock, dueMinutes } from './due-minutes.ts'
import { GAPS_AND_FOLDS } from './gaps-and-folds.ts'

const MINUTE_MS = 60_000

for (const [name, { text, zone, from, to, due }] of Object.entries(GAPS_AND_FOLDS)) {
  test(`${name}: ${text} in ${zone}`, () => {
    const found = dueMinutes(text, zone, Date.parse(from), Date.parse(to))

    assert.deepEqual(
      found.map((at) => clock(zone, at)),
      due,
    )
  })

  test(`${name}, asked minute by minute too: ${text} in ${zone}`, () => {
    const cron = compileCron(text)
    const found: string[] = []
    for (let at = Date.parse(from) + MINUTE_MS; at < Date.parse(to); at += MINUTE_MS) {
      if (dueAt(cron, zone, at) !== undefined) found.push(clock(zone, at))
    }

    assert.deepEqual(found, due)
  })
}
