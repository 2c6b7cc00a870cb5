import assert from 'node:assert/strict'
import test from 'node:test'
import { note, problem } from '../../src/doctor/finding.ts'
import { findingsText, inOrder } from '../../src/doctor/report.ts'

test('problems come first, a sentence is said once, and of one kind ten are shown', () => {
  const many = Array.from({ length: 13 }, (_, i) => problem('queues', `Queue ${i} waits.`))
  const findings = inOrder([note('clock', 'It is late.'), ...many, problem('queues', 'Queue 0 waits.')])

  const lines = findingsText(findings, 'All is well.', process.stdout).split('\n')

  assert.equal(findings.length, 14)
  assert.equal(lines[0], 'problem  queues: Queue 0 waits.')
  assert.equal(lines[10], 'problem  queues: 3 more like these, which --json has.')
  assert.equal(lines[11], 'note     clock: It is late.')
  assert.equal(lines[12], '13 problems, 1 note.')
  assert.equal(findingsText([], 'All is well.', process.stdout), 'All is well.\n')
})
