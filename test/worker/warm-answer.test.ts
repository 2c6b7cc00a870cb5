import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '../../src/worker/outcome.ts'
import { outcomeOfAnswer, warmRequest } from '../../src/worker/warm-answer.ts'
import { claimed } from './claimed-task.ts'

test('a request is one line for every reader of lines, and JSON for all of them', () => {
  const param = 'a\nb\r\nc\u0085d\u2028e\u2029f\v\f "quoted" \\ 🐢'

  const line = warmRequest(claimed({ id: 17, param }), 'home', 4)

  assert.doesNotMatch(line, /[\n\r\v\f\u0085\u2028\u2029]/)
  assert.match(line, /^\{"id":17,/)
  assert.equal(JSON.parse(line).param, param)
  assert.deepEqual([JSON.parse(line).maxAttempts, JSON.parse(line).expiresAt], [4, null])
})

for (const [told, outcome] of [
  ['={"id":17,"exit":0}', { kind: 'ok' }],
  ['= { "exit": 0, "id": 17 } \r', { kind: 'ok' }],
  ['={"id":"17","exit":0}', { kind: 'ok' }],
  ['={"id":17,"exit":0,"error":"not looked at","more":[1]}', { kind: 'ok' }],
  ['={"id":17,"exit":255}', { kind: 'exit', code: 255 }],
  ['={"id":17,"exit":3,"error":"why"}', { kind: 'exit', code: 3, error: 'why' }],
  ['={"id":17,"exit":3,"error":" "}', { kind: 'exit', code: 3 }],
  ['={"id":17,"exit":3,"error":"a\\u0000\\nb "}', { kind: 'exit', code: 3, error: 'a\nb' }],
  ['={"id":17,"exit":3,"error":null}', { kind: 'exit', code: 3 }],
] as const satisfies readonly (readonly [string, Outcome])[]) {
  test(`${told} is understood`, () => assert.deepEqual(outcomeOfAnswer(told, 17), outcome))
}

for (const [told, problem] of [
  ['=17', /wrote 17 to stdout/],
  ['=null', /wrote null to stdout/],
  ['=[{"id":17,"exit":0}]', /to stdout, where answers go/],
  ['=ok', /wrote ok to stdout/],
  [`=${'x'.repeat(500)}`, /wrote x{120}… to stdout/],
  ['={"exit":0}', /is for another task/],
  ['={"id":170,"exit":0}', /is for another task/],
  ['={"id":17}', /exit is no code from 0 to 255/],
  ['={"id":17,"exit":"0"}', /exit is no code/],
  ['={"id":17,"exit":-1}', /exit is no code/],
  ['={"id":17,"exit":0.5}', /exit is no code/],
  ['={"id":17,"exit":256}', /exit is no code/],
  ['!ended', /without an answer/],
  ['!long', /too long/],
] as const) {
  test(`${told.slice(0, 40)} is told in a sentence`, () => {
    const outcome = outcomeOfAnswer(told, 17)
    assert.match(outcome.kind === 'misanswered' ? outcome.problem : '', problem)
  })
}

test('without pipes nothing was started, and that may change', () => {
  assert.deepEqual(outcomeOfAnswer('!pipes', 17), {
    kind: 'unstartable',
    reason: 'the pipes to it could not be made by mkfifo in the state directory',
    final: false,
  })
})
