import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idsText, MOST_IDS, parseTaskIds } from '../../src/ctl/task-ids.ts'

test('ids and ranges are one ascending list without repeats, and what was named by itself is known', () => {
  const { all, named, ranges } = parseTaskIds(['30', '7-9', '8', '8', '12-12', '007'])

  assert.deepEqual(all, [7, 8, 9, 12, 30])
  assert.deepEqual([...named].toSorted(), [12, 30, 7, 8])
  assert.deepEqual(ranges, [{ from: 7, to: 9 }])
})

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['abc', /^"abc" is no task id\. Use whole numbers such as 17, or ranges such as 100-120\.$/],
  ['-1', /^"-1" is no task id\./],
  ['0', /^"0" is no task id\./],
  ['', /^"" is no task id\./],
  ['1.5', /^"1\.5" is no task id\./],
  ['1e3', /^"1e3" is no task id\./],
  ['99999999999999999999', /^"99999999999999999999" is no task id\./],
  ['9007199254740992', /^"9007199254740992" is no task id\./],
  ['0-5', /^"0-5" is no task id\./],
  ['5-', /^"5-" is no task id\./],
  ['1-2-3', /^"1-2-3" is no task id\./],
  ['9-3', /^"9-3" is turned round\. Write the lower id first: 3-9\.$/],
  [`1-${MOST_IDS + 1}`, /^These are 100001 ids\. Give at most 100000 at once, in several commands\.$/],
  ['1-9007199254740991', /^These are 9007199254740991 ids\. /],
]

for (const [word, sentence] of REFUSED) {
  test(`refused as an id: "${word}"`, () => {
    assert.throws(() => parseTaskIds(['17', word].slice(word.startsWith('1-') ? 1 : 0)), {
      name: 'Complaint',
      message: sentence,
    })
  })
}

test('as many ids as allowed are taken', () => {
  assert.equal(parseTaskIds([`1-${MOST_IDS}`]).all.length, MOST_IDS)
})

test('ids are told in as few words as possible, and not without end', () => {
  assert.equal(idsText([17]), '17')
  assert.equal(idsText([17, 20, 21, 22, 30]), '17, 20-22, 30')
  assert.equal(idsText([1, 3, 5, 7], 2), '1, 3 and 2 more')
  assert.equal(idsText(Array.from({ length: 1_000 }, (_, i) => i + 1)), '1-1000')
})
