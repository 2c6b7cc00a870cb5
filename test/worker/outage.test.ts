import assert from 'node:assert/strict'
import test from 'node:test'
import { mysqlDialect } from '../../src/queue/mysql.ts'
import { Outage } from '../../src/worker/outage.ts'

test('an outage is said once, whoever notices it and whoever finds it over', () => {
  const { outage, said } = opened()

  outage.begin(new Error('gone'))
  outage.begin(new Error('refused'))
  outage.end()
  outage.end()
  outage.begin(new Error('gone again'))

  assert.deepEqual(said, ['gone', 'back', 'gone again'])
})

test('who hears late of an outage that is over says nothing', () => {
  const { outage, said } = opened()
  const triedAt = performance.now()
  outage.begin(new Error('gone'))
  outage.end()

  outage.begin(new Error('timed out'), triedAt)

  assert.deepEqual(said, ['gone', 'back'])
})

function opened(): { outage: Outage; said: string[] } {
  const said: string[] = []
  const events = { onLost: (reason: string) => said.push(reason), onBack: () => said.push('back') }
  return { outage: new Outage(mysqlDialect, 60_000, events), said }
}
