import assert from 'node:assert/strict'
import test from 'node:test'
import { EXIT } from '../../src/exit.ts'
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

test('an outage that lasts longer than anybody waits for is a sentence to leave with', () => {
  const { outage } = opened(0)

  outage.begin(new Error('gone'))

  assert.equal(outage.complaint?.exitCode, EXIT.unavailable)
  assert.match(outage.complaint?.message ?? '', /^The database has not answered for 0 minutes\. What is known is kept/)
})

test('one that does not is none', () => {
  const { outage } = opened()

  outage.begin(new Error('gone'))

  assert.equal(outage.complaint, undefined)
})

function opened(patienceMs = 60_000): { outage: Outage; said: string[] } {
  const said: string[] = []
  const events = { onLost: (reason: string) => said.push(reason), onBack: () => said.push('back') }
  return { outage: new Outage(mysqlDialect, patienceMs, events), said }
}
