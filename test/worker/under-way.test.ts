/** Which programs of a worker run now, by its journals. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { programsUnderWay } from '../../src/worker/under-way.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'

test('the last start of each journal counts, unless its end stands behind it', (t) => {
  const directory = temporaryDirectory(t)
  const ended = '\nS 16 1 98 0 1700000000000 7\n\nE 16 1 98 0\n0m0.01s 0m0.01s\n0m0.01s 0m0.01s\n'
  writeFileSync(join(directory, 'slot-0.journal'), `${ended.repeat(40)}\nS 17 1 99 120 1700000001000 7\n`)
  writeFileSync(join(directory, 'slot-1.journal'), ended)
  writeFileSync(join(directory, 'slot-2.journal'), '')
  writeFileSync(join(directory, 'slot-3.out'), '')

  const begun = programsUnderWay(directory, 1)

  assert.deepEqual([...(begun ?? [])], [['17.99', 1_700_000_001_000]])
})

test('a worker without files here is not known', (t) => {
  assert.equal(programsUnderWay(join(temporaryDirectory(t), 'worker-x-1'), 1), undefined)
})
