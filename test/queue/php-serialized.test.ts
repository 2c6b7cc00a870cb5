/**
 * What PHP's serialize() wrote, read and shown. The texts were written by PHP 8.2; test/recipes compares with a PHP that is there.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSerialized } from '../../src/queue/php-serialized.ts'
import { phpText } from '../../src/queue/php-text.ts'

const READABLE: readonly (readonly [serialized: string, text: string])[] = [
  ['N;', 'null'],
  ['b:1;', 'true'],
  ['b:0;', 'false'],
  ['i:-42;', '-42'],
  ['i:9223372036854775807;', '9223372036854775807'],
  ['d:0.1;', '0.1'],
  ['d:5;', '5.0'],
  ['d:-1.0E+25;', '-1.0E+25'],
  ['d:INF;', 'INF'],
  ['d:-INF;', '-INF'],
  ['d:NAN;', 'NAN'],
  ['s:0:"";', '""'],
  ['s:5:"a";b"";', '"a\\";b\\""'],
  ['s:4:"Zoë";', '"Zoë"'],
  ['S:3:"u\\69d";', '"uid"'],
  ['a:0:{}', '[]'],
  ['a:2:{i:0;i:6;i:1;i:7;}', '[6, 7]'],
  ['a:2:{i:1;i:6;i:0;i:7;}', '{"1": 6, "0": 7}'],
  ['a:2:{s:3:"uid";i:4;s:4:"uids";a:1:{i:0;N;}}', '{"uid": 4, "uids": [null]}'],
  ['O:8:"stdClass":1:{s:1:"a";b:1;}', 'stdClass {"a": true}'],
  ['O:9:"App\\Order":2:{s:13:"\0App\\Order\0id";i:4;s:4:"\0*\0n";s:1:"x";}', 'App\\Order {"id": 4, "n": "x"}'],
  ['E:11:"Suit:Hearts";', 'Suit::Hearts'],
  ['a:2:{i:0;a:0:{}i:1;R:2;}', '[[], #2]'],
  ['a:2:{i:0;O:8:"stdClass":0:{}i:1;r:2;}', '[stdClass {}, #2]'],
  ['C:3:"Old":3:{x;}}', 'Old ("x;}")'],
]

test('what PHP wrote is shown as a person reads it', () => {
  const shown = READABLE.map(([serialized]) => {
    const value = readSerialized(serialized)
    return value === undefined ? undefined : phpText(value)
  })

  assert.deepEqual(
    shown,
    READABLE.map(([, text]) => text),
  )
})

test('bytes that are no UTF-8 are shown as bytes, and lengths count bytes', () => {
  const value = readSerialized(Buffer.from([...Buffer.from('s:2:"'), 0xff, 0xfe, ...Buffer.from('";')]))

  assert.equal(value && phpText(value), '0xfffe')
})

test('what was cut off, or is anything else, is not read', () => {
  const cut = READABLE.flatMap(([serialized]) => serialized.split('').map((_, end) => serialized.slice(0, end)))
  const others = [
    ...['', 'hello', 'uid=4', '{"a":1}', 'i:;', 'i:1', 'b:2;', 's:3:"Zoë";', 's:-1:"";', 'a:1:{}', 'a:1:{a:0:{}i:1;}'],
    ...[
      'a:0:{}x',
      'i:1;i:2;',
      'R:1;',
      'r:1;',
      'a:1:{i:0;R:9;}',
      'O:3:"a b":0:{}',
      'E:4:"Suit";',
      'S:2:"\\zz";',
      'x:1;',
    ],
    ...['a:999999999999:{', 's:999999999999:"', `${'a:1:{i:0;'.repeat(5_000)}N;${'}'.repeat(5_000)}`],
  ]

  assert.deepEqual(
    [...cut, ...others].filter((text) => readSerialized(text) !== undefined),
    [],
  )
})
