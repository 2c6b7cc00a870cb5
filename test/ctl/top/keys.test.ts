/** Keys out of bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBegun, keysIn } from '../../../src/ctl/top/keys.ts'

test('arrows in both forms, names and characters, several at once', () => {
  assert.deepEqual(keysIn('\x1b[A\x1bOBj\r\x03 ü'), ['up', 'down', 'j', 'enter', 'ctrl-c', 'space', 'ü'])
})

test('Escape is a key of its own when nothing follows', () => {
  assert.deepEqual(keysIn('\x1b'), ['escape'])
  assert.deepEqual(keysIn('j\x1b'), ['j', 'escape'])
})

test('a sequence that is no key of ours is one unknown key, not several known ones', () => {
  assert.deepEqual(keysIn('\x1b[1;5q\x1b[15~'), ['\x1b[1;5q', '\x1b[15~'])
})

test('half of a sequence is noticed', () => {
  assert.ok(isBegun('\x1b') && isBegun('j\x1b[') && isBegun('\x1bO'))
  assert.ok(!isBegun('\x1b[A') && !isBegun('j'))
})
