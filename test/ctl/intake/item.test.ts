import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readItem } from '../../../src/ctl/intake/item.ts'
import { EVERY_WORKER, type Mapping, readFieldPath, readWorkerMap } from '../../../src/ctl/intake/mapping.ts'

const PLAIN: Mapping = {
  task: undefined,
  workers: EVERY_WORKER,
  hands: 'params',
  queue: 'default',
  priority: 0,
  shardKey: undefined,
  unique: undefined,
}

function read(item: string | Buffer, mapping: Partial<Mapping> = {}) {
  return readItem(Buffer.from(item), { ...PLAIN, ...mapping }, 0, Number.MAX_SAFE_INTEGER)
}

function taskOf(item: string, mapping: Partial<Mapping> = {}) {
  const it = read(item, mapping)
  if (it.kind === 'rejected') return it.reason
  const { task, param, shardKey, uniqueKey } = it.row
  return { task, param, ...(shardKey === null ? {} : { shardKey }), ...(uniqueKey === null ? {} : { uniqueKey }) }
}

const ITEMS: readonly (readonly [about: string, item: string, param: string])[] = [
  [
    'numbers and escapes stay as they were written',
    '{"worker":"a","params":{"n":1.0,"s":"\\/\\u00e9"}}',
    '{"n":1.0,"s":"\\/\\u00e9"}',
  ],
  [
    'blanks inside stay, around it they do not',
    ' {"worker" : "a" ,\n "params" :  [ 1, {"b":"}]"} ]  } ',
    '[ 1, {"b":"}]"} ]',
  ],
  ['a text is handed over as it is', '{"worker":"a","params":"uid=4&uids[]=6"}', 'uid=4&uids[]=6'],
  ['of two the last one counts', '{"worker":"a","params":1,"params":2}', '2'],
  ['a name may be written in escapes', '{"p\\u0061rams":{"a":"\\\\"},"worker":"a"}', '{"a":"\\\\"}'],
  ['what is deeper is not it', '{"worker":"a","x":{"params":1},"params":null}', 'null'],
  ['nothing is the empty text', '{"worker":"a"}', ''],
  ['an empty object', '{"worker":"a","params":{}}', '{}'],
]

for (const [about, item, param] of ITEMS) {
  test(`the params of an item: ${about}`, () => {
    assert.deepEqual(taskOf(item), { task: 'a', param })
  })
}

test('what is no task is rejected with a sentence', () => {
  const reasons = [
    taskOf('no JSON'),
    taskOf('[1]'),
    taskOf('null'),
    taskOf('{"params":1}'),
    taskOf('{"worker":7}'),
    taskOf('{"worker":"../a"}'),
    taskOf('{"worker":"c"}', { workers: readWorkerMap('a=b') }),
    taskOf(`{"worker":"a","params":"${'x'.repeat(65_536)}"}`),
    taskOf('{"worker":"a","params":"\\u0000"}'),
    taskOf(`{"worker":"a","params":{"order":"${'x'.repeat(256)}"}}`, { shardKey: ['order'] }),
  ]

  assert.deepEqual(reasons.slice(0, 7), [
    'It is no JSON object.',
    'It is no JSON object.',
    'It is no JSON object.',
    'It names no worker.',
    'It names no worker.',
    'Its worker "../a" is no name of a task program.',
    'Its worker "c" is not in --map.',
  ])
  assert.match(String(reasons[7]), /^The param is 65536 bytes long/)
  assert.match(String(reasons[8]), /^The param holds a NUL byte/)
  assert.match(String(reasons[9]), /^The key is 256 characters long/)
  assert.deepEqual(read(Buffer.from([0x7b, 0xff])), { kind: 'rejected', reason: 'It is not UTF-8 text.' })
})

test('with a task for all, an item is handed over whatever it is', () => {
  assert.deepEqual(taskOf('no JSON', { task: 'a', hands: 'item' }), { task: 'a', param: 'no JSON' })
  assert.deepEqual(taskOf('{"worker":"b","params":[1]}', { task: 'a' }), { task: 'a', param: '[1]' })
  assert.deepEqual(taskOf(' {"worker":"b"}', { hands: 'item' }), { task: 'b', param: ' {"worker":"b"}' })
})

test('keys are fields of what the program is given', () => {
  const item = '{"worker":"a","params":{"order":1042,"customer":{"id":"c4"},"list":["x"],"none":null}}'
  const keys = (path: string, mapping: Partial<Mapping> = {}) =>
    taskOf(item, { shardKey: readFieldPath('shard-key', path), unique: undefined, ...mapping })

  assert.equal(read(item).kind, 'task')
  assert.deepEqual(
    ['order', 'customer.id', 'list.0', 'none', 'customer', 'gone.id'].map((path) => Object(keys(path)).shardKey),
    ['1042', 'c4', 'x', undefined, undefined, undefined],
  )
  assert.equal(Object(keys('params.order', { hands: 'item' })).shardKey, '1042')
  assert.equal(Object(taskOf(item, { unique: ['order'] })).uniqueKey, '1042')
})

test('a map goes from the most special to the least', () => {
  const workers = readWorkerMap('# ours\nmailer/News=send-news, mailer = send-msg\nresize,*=old')
  const task = (worker: string, className?: string) =>
    Object(taskOf(JSON.stringify({ worker, class: className }), { workers })).task

  assert.deepEqual(
    [task('mailer', 'News'), task('mailer', 'Other'), task('mailer'), task('resize', 'News'), task('other')],
    ['send-news', 'send-msg', 'send-msg', 'resize', 'old'],
  )
  assert.deepEqual(readWorkerMap('a=b,*').others, 'own')
  for (const wrong of ['a=', '=b', 'a/b', 'a=b=c']) assert.throws(() => readWorkerMap(wrong), /^Complaint: --map has/)
})
