import assert from 'node:assert/strict'
import test from 'node:test'
import { Complaint, EXIT } from '../src/exit.ts'

test('a complaint of another copy of this module is one as well', async () => {
  const copy: typeof import('../src/exit.ts') = await import(`../src/exit.ts?copy=${Date.now()}`)

  assert.notEqual(copy.Complaint, Complaint)
  assert.ok(new copy.Complaint(EXIT.usage, 'This is a sentence.') instanceof Complaint)
  assert.ok(!(new Error('It broke.') instanceof Complaint))
  assert.ok(!(Object(undefined) instanceof Complaint))
})
