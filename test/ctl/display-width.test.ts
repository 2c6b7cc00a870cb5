/** Widths of text on a terminal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutTo, fitTo, plainLine, widthOf, wrapTo } from '../../src/ctl/display-width.ts'

test('most characters take one column, those of East Asia and emoji two, accents none', () => {
  const widths = ['abc', 'ü', 'e\u0301', '日本語', 'ｆｕｌｌ', '한국어', '🐘', '🇩🇪', '…▁█·▸'].map(widthOf)

  assert.deepEqual(widths, [3, 1, 1, 6, 8, 6, 2, 2, 5])
})

test('what terminals do not agree on is taken apart', () => {
  assert.equal(plainLine('👨‍👩‍👧', 100), '👨👩👧')
  assert.equal(plainLine('👍🏽', 100), '👍')
  assert.equal(plainLine('a\u200bb\ufe0f', 100), 'ab')
})

test('a cut leaves no half of a wide character, and is as wide as it was asked to be', () => {
  assert.equal(cutTo('日本語', 5), '日本…')
  assert.equal(cutTo('日本語', 4), '日…')
  assert.equal(fitTo('日本語', 4), '日… ')
  assert.equal(cutTo('日本語', 6), '日本語')
  assert.equal(cutTo('abc', 0), '')
  assert.equal(fitTo('17', 5, 'right'), '   17')
})

test('lines are broken between words, and the last one is cut', () => {
  assert.deepEqual(wrapTo('one two three', 7, 3), ['one two', 'three'])
  assert.deepEqual(wrapTo('one two three four five', 7, 2), ['one two', 'three …'])
  assert.deepEqual(wrapTo('', 7, 2), [''])
})
