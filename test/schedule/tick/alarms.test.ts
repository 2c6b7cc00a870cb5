import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { Alarms, alarmsStand } from '../../../src/schedule/tick/alarms.ts'
import { temporaryDirectory } from '../../helpers/cleanup.ts'

const MINUTE_MS = 60_000

/** One tick: what it finds, and which of it is to be said. */
function tick(stateDirectory: string, minute: number, found: readonly string[], forMs?: number): string[] {
  const alarms = new Alarms(stateDirectory, minute * MINUTE_MS)
  const said = found.filter((sentence) => alarms.isNew(sentence, forMs))
  alarms.close()
  return said
}

test('what lasts is said once', (t) => {
  const state = place(t)

  assert.deepEqual(tick(state, 0, ['a', 'b']), ['a', 'b'])
  assert.deepEqual(tick(state, 1, ['a', 'b']), [])
  assert.deepEqual(tick(state, 2, ['b', 'c']), ['c'])
})

test('what has passed and comes again is said again', (t) => {
  const state = place(t)
  tick(state, 0, ['a', 'b'])
  tick(state, 1, ['b'])

  assert.deepEqual(tick(state, 2, ['a', 'b']), ['a'])
})

test('what is found twice in one tick is said once', (t) => {
  assert.deepEqual(tick(place(t), 0, ['a', 'a']), ['a'])
})

test('what is not looked for in every minute counts as the same for as long as told', (t) => {
  const state = place(t)
  const hour = 60 * MINUTE_MS
  tick(state, 0, ['a'], hour)

  tick(state, 1, [])
  assert.deepEqual(tick(state, 59, ['a'], hour), [])
  tick(state, 60, [])
  assert.deepEqual(tick(state, 100, ['a'], hour), [])
  tick(state, 161, [])
  assert.deepEqual(tick(state, 162, ['a'], hour), ['a'])
})

test('while all is well there is no file', (t) => {
  const state = place(t)

  tick(state, 0, [])
  assert.deepEqual([existsSync(state), alarmsStand(state)], [false, false])
  tick(state, 1, ['a'])
  assert.equal(alarmsStand(state), true)
  tick(state, 2, [])
  assert.deepEqual([readdirSync(state), alarmsStand(state)], [[], false])
})

test('the file is for its owner alone', (t) => {
  const state = place(t)
  tick(state, 0, ['a'])

  const [file = ''] = readdirSync(state)
  assert.equal(statSync(join(state, file)).mode & 0o777, 0o600)
})

test('any text is remembered, names of object methods too', (t) => {
  const state = place(t)
  const odd = ['constructor', '__proto__', '"', 'Zürich\n']

  assert.deepEqual(tick(state, 0, odd), odd)
  assert.deepEqual(tick(state, 1, odd), [])
})

for (const damage of ['', '{', 'null', '[1]', '"a"']) {
  test(`a file that holds ${damage || 'nothing'} is as good as none`, (t) => {
    const state = place(t)
    tick(state, 0, ['a'])
    writeFileSync(join(state, readdirSync(state)[0] ?? ''), damage)

    assert.deepEqual(tick(state, 1, ['a']), ['a'])
    assert.deepEqual(tick(state, 2, ['a']), [])
  })
}

test('where nothing can be kept, all is said every time', (t) => {
  const state = place(t)
  mkdirSync(join(state, '..'), { recursive: true })
  writeFileSync(state, 'a file')

  assert.deepEqual([tick(state, 0, ['a']), tick(state, 1, ['a'])], [['a'], ['a']])
})

function place(t: TestContext): string {
  return join(temporaryDirectory(t), '.queue')
}
