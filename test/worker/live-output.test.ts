import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { findLiveOutput, type LiveOutput } from '../../src/worker/live-output.ts'
import { makeWorkerDirectory } from '../../src/worker/worker-directory.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'

const CLAIM = { id: 17, attempt: 1, claimToken: 99 }
const START = '\nS 17 1 99 4 1700000000000 4711\n'
const END = '\nE 17 1 99 0\n0m0.00s 0m0.00s\n0m0.01s 0m0.00s\n'
const NEXT = (offset: number) => `\nS 18 1 99 ${offset} 1700000000500 4711\n`

test('a program that runs: its bytes as they come, and none of what stood before them', (t) => {
  const { output, out, buffer } = begun(t)

  out('one')
  const first = text(output.read(buffer))
  const nothing = text(output.read(buffer))
  out('two')
  const second = text(output.read(buffer))

  assert.deepEqual([first, nothing, second, output.given, output.startedAt], ['one', '', 'two', 6, 1_700_000_000_000])
  assert.deepEqual(output.look(), { bytes: 6, hasEnded: false })
})

test('one that has ended: its booking tells how long its output is, and the next one begins behind it', (t) => {
  const { output, out, journal, buffer } = begun(t)
  out('one')
  output.read(buffer)

  out('two')
  journal(END)
  const afterEnd = output.read(buffer)
  journal(NEXT(10))
  out('of the next')

  assert.equal(afterEnd, undefined)
  assert.equal(output.read(buffer), undefined)
  assert.deepEqual(output.look(), { bytes: 6, hasEnded: true })
  assert.deepEqual([text(output.readRest(buffer)), text(output.readRest(buffer))], ['two', ''])
})

test('files that were begun anew have nothing of it, whatever stands in them', (t) => {
  const { output, out, directory, buffer } = begun(t)
  out('one')
  truncateSync(join(directory, 'slot-0.journal'), 0)
  writeFileSync(join(directory, 'slot-0.journal'), `${NEXT(0)}${'#'.repeat(80)}`)

  assert.equal(output.read(buffer), undefined)
  assert.equal(text(output.readRest(buffer)), '')
})

test('what has not begun waits, also when its line is torn; without a directory there is nothing', (t) => {
  const { directory } = begun(t)
  const find = (id: number) => findLiveOutput(directory, 3, { ...CLAIM, id }).kind

  appendFileSync(join(directory, 'slot-0.journal'), '\nS 20 1 99 ')

  assert.deepEqual([find(19), find(20)], ['waits', 'waits'])
  rmSync(directory, { recursive: true })
  assert.equal(find(17), 'absent')
})

function begun(t: TestContext) {
  const directory = join(temporaryDirectory(t), 'worker-4f1c-3')
  mkdirSync(join(directory, '..'), { recursive: true })
  makeWorkerDirectory(directory)
  const out = (bytes: string) => appendFileSync(join(directory, 'slot-0.out'), bytes)
  const journal = (record: string) => appendFileSync(join(directory, 'slot-0.journal'), record)
  out('old\n')
  journal(START)
  const found = findLiveOutput(directory, 3, CLAIM)
  assert.equal(found.kind, 'begun')
  const { output } = found as { output: LiveOutput }
  t.after(() => output.close())
  return { directory, out, journal, output, buffer: Buffer.alloc(64) }
}

function text(bytes: Buffer | undefined): string {
  return bytes?.toString() ?? 'undefined'
}
