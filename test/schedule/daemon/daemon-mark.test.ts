import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { bootTag } from '../../../src/host/identity.ts'
import { leaveMark, livingDaemons } from '../../../src/schedule/daemon/daemon-mark.ts'
import { temporaryDirectory } from '../../helpers/cleanup.ts'

const NONE: ReadonlySet<string> = new Set()

test('a mark tells of a daemon as long as its process lives', (t) => {
  const state = join(temporaryDirectory(t), 'state')

  const mark = leaveMark(state, NONE)
  const there = livingDaemons(state)
  mark.takeAway()

  assert.deepEqual([there, livingDaemons(state)], [[process.pid], []])
})

test('marks of the dead are removed, those of another boot or container stay', (t) => {
  const state = temporaryDirectory(t)
  const [dead, elsewhere] = [`daemon.${bootTag()}.${process.pid}.1`, 'daemon.0123456789ab.1.1']
  for (const name of [dead, elsewhere]) writeFileSync(join(state, name), '')

  assert.deepEqual(livingDaemons(state), [])
  leaveMark(state, NONE).takeAway()

  assert.deepEqual(readdirSync(state), [elsewhere])
})

test("workers of daemons that have left are the next one's, and so is the minute of their last tick", (t) => {
  const state = temporaryDirectory(t)
  const dead = (pid: number) => join(state, `daemon.${bootTag()}.${pid}.1`)
  writeFileSync(dead(process.pid), JSON.stringify({ inherited: ['7.7', '8.8'], ticked: 120_000 }))
  writeFileSync(dead(process.ppid), '') // an earlier version's

  const mark = leaveMark(state, new Set([`${process.pid}.1`, `${process.ppid}.1`, '8.8', '9.9']))
  mark.handOver(180_000)
  const [name = ''] = readdirSync(state)

  assert.deepEqual(new Set(mark.inherited), new Set([`${process.pid}.1`, `${process.ppid}.1`, '8.8']))
  assert.equal(mark.ticked, 120_000)
  assert.deepEqual(JSON.parse(readFileSync(join(state, name), 'utf8')), { inherited: mark.inherited, ticked: 180_000 })
  assert.equal(readdirSync(state).length, 1)
})

test('a state directory that cannot be made is told in a sentence', (t) => {
  const file = join(temporaryDirectory(t), 'file')
  writeFileSync(file, '')

  assert.throws(() => leaveMark(join(file, 'state'), NONE), /cannot be written \(ENOTDIR\).*QUEUE_STATE/)
  assert.ok(!existsSync(join(file, 'state')))
})
