import assert from 'node:assert/strict'
import test from 'node:test'
import { nearestName } from '../src/nearest-name.ts'

const NAMES = ['when', 'queue', 'shards', 'timeout', 'timezone', 'maxTime']

const MEANT: [typed: string, name: string | undefined][] = [
  ['shard', 'shards'],
  ['shardss', 'shards'],
  ['shords', 'shards'],
  ['wehn', 'when'],
  ['QUEUE', 'queue'],
  ['max-time', 'maxTime'],
  ['time_zone', 'timezone'],
  ['then', 'when'],
  ['timer', undefined],
  ['colour', undefined],
  ['', undefined],
]

for (const [typed, name] of MEANT) {
  test(`"${typed}" ${name === undefined ? 'is not close to any name' : `is taken for ${name}`}`, () => {
    assert.equal(nearestName(typed, NAMES), name)
  })
}

test('of two names the closer is taken, and of equally close ones the first', () => {
  assert.equal(nearestName('timeout', ['timezone', 'timeouts']), 'timeouts')
  assert.equal(nearestName('cat', ['car', 'cut']), 'car')
})
