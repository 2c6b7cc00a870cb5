import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { bootTag } from '../../../src/host/identity.ts'
import { leaveMark, livingDaemons } from '../../../src/schedule/daemon/daemon-mark.ts'
import { temporaryDirectory } from '../../helpers/cleanup.ts'

test('a mark tells of a daemon as long as its process lives', (t) => {
  const state = join(temporaryDirectory(t), 'state')

  const takeAway = leaveMark(state)
  const there = livingDaemons(state)
  takeAway()

  assert.deepEqual([there, livingDaemons(state)], [[process.pid], []])
})

test('marks of the dead are removed, those of another boot or container stay', (t) => {
  const state = temporaryDirectory(t)
  const [dead, elsewhere] = [`daemon.${bootTag()}.${process.pid}.1`, 'daemon.0123456789ab.1.1']
  for (const name of [dead, elsewhere]) writeFileSync(join(state, name), '')

  assert.deepEqual(livingDaemons(state), [])
  leaveMark(state)()

  assert.deepEqual(readdirSync(state), [elsewhere])
})

test('a state directory that cannot be made is told in a sentence', (t) => {
  const file = join(temporaryDirectory(t), 'file')
  writeFileSync(file, '')

  assert.throws(() => leaveMark(join(file, 'state')), /cannot be written \(ENOTDIR\).*QUEUE_STATE/)
  assert.ok(!existsSync(join(file, 'state')))
})
