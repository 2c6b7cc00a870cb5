/**
 * Parameters against PHP: answers recorded once are checked everywhere, and where `php` is on the PATH it is asked
 * thousands of random questions more. `PARAMS_SEED` repeats a run that failed.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { decodeParams, encodeParams, type Params } from '../../src/queue/params.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/params/', import.meta.url))
const PHP = ['-d', 'max_input_vars=1000000']
const HAS_PHP = spawnSync('php', ['-v']).status === 0
const SEED = Number(process.env.PARAMS_SEED ?? Date.now() % 1_000_000)

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
type Answers = {
  php: string
  decode: { text: string; answer: Json }[]
  encode: { value: Params; answer: string }[]
}

const RECORDED: Answers = JSON.parse(readFileSync(`${FIXTURES}php-answers.json`, 'utf8'))

test('reads and writes what PHP was recorded to read and write', () => {
  for (const { text, answer } of RECORDED.decode) {
    assert.deepEqual(decodeParams(text), fromPhp(answer), `decodeParams(${JSON.stringify(text)})`)
  }
  for (const { value, answer } of RECORDED.encode) {
    assert.equal(encodeParams(value), answer, `encodeParams(${JSON.stringify(value)})`)
  }
})

test('reads and writes what PHP on this machine does, for random questions', (t) => {
  if (!HAS_PHP) return t.skip('php is not installed; only the recorded answers are checked')
  const texts = fc.sample(randomText(), { seed: SEED, numRuns: 6_000 })
  const values = fc.sample(randomParams(), { seed: SEED, numRuns: 3_000 })

  const { decode, encode } = askPhp([...RECORDED.decode, ...texts.map((text) => ({ text }))], values)

  if (!isDeepStrictEqual(decode.splice(0, RECORDED.decode.length), RECORDED.decode)) {
    return t.skip(`php here answers the recorded questions otherwise than PHP ${RECORDED.php}`)
  }
  for (const { text, answer } of decode) {
    if (hasUnreadableName(answer)) continue
    assert.deepEqual(decodeParams(text), fromPhp(answer), `PARAMS_SEED=${SEED}: decode ${JSON.stringify(text)}`)
  }
  for (const [i, value] of values.entries()) {
    assert.equal(encodeParams(value), encode[i]?.answer, `PARAMS_SEED=${SEED}: encode ${JSON.stringify(value)}`)
  }
})

test('what was encoded is decoded to the same, for lists and dictionaries of strings', () => {
  const text = fc.string({ unit: 'grapheme' })
  const innerName = fc.string({ unit: 'grapheme', minLength: 2 }).filter((name) => !/[\]\0]/.test(name))
  const outerName = innerName.filter((name) => /^[^ .[]+$/.test(name) && !/^__(Host|Secure)-/.test(name))
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
      fc.dictionary(
        innerName.map((name) => `k${name}`),
        tie('tree'),
        { minKeys: 1, maxKeys: 4, noNullPrototype: true },
      ),
    ),
  }))
  const params = fc.dictionary(outerName, tree, { noNullPrototype: true })

  fc.assert(
    fc.property(params, (value) => {
      assert.deepEqual(decodeParams(encodeParams(value as Params)), fromPhp(value as Json))
    }),
    { seed: SEED, numRuns: 500 },
  )
})

test('names that mean something to JavaScript are names like any other', () => {
  const decoded = decodeParams(
    '__proto__[polluted]=1&constructor[prototype][polluted]=1&a[__proto__][polluted]=1&toString=2',
  )

  assert.equal(({} as Record<string, unknown>).polluted, undefined)
  assert.equal(Object.getPrototypeOf(decoded), null)
  assert.deepEqual(Object.keys(decoded), ['__proto__', 'constructor', 'a', 'toString'])
  assert.equal(
    encodeParams(decoded),
    '__proto__%5Bpolluted%5D=1&constructor%5Bprototype%5D%5Bpolluted%5D=1&a%5B__proto__%5D%5Bpolluted%5D=1&toString=2',
  )
})

test('reads more parameters than PHP lets a web request have', () => {
  const uids = Array.from({ length: 5_000 }, (_, i) => String(i))

  assert.deepEqual(decodeParams(encodeParams({ uids })).uids, uids)
})

test('bytes that are no UTF-8, and halves of characters, become U+FFFD', () => {
  assert.equal(decodeParams('a=x%FFy').a, 'x\uFFFDy')
  assert.equal(decodeParams('a=x\uD83Dy').a, 'x\uFFFDy')
  assert.equal(encodeParams({ a: 'x\uD83Dy' }), 'a=x%EF%BF%BDy')
})

test('writes whole numbers of any size when they are given as bigint', () => {
  assert.equal(encodeParams({ id: 123456789012345678901234567890n }), 'id=123456789012345678901234567890')
})

test('refuses what a param cannot hold, naming it', () => {
  const circle: { self: unknown[] } = { self: [] }
  circle.self.push(circle)
  let deep: unknown = 'x'
  for (let level = 0; level <= 65; level++) deep = { a: deep }
  const cases: [value: unknown, message: RegExp][] = [
    [{ order: { when: new Date(0) } }, /^The parameter order\[when\] is an instance of Date\. Give a string/],
    [{ 'a b': [() => 1] }, /^The parameter a b\[0\] is a function\./],
    [{ a: Symbol('a') }, /^The parameter a is a symbol\./],
    [{ a: Number.NaN }, /^The parameter a is NaN\./],
    [{ a: Number.NEGATIVE_INFINITY }, /^The parameter a is -Infinity\./],
    [{ a: new Map() }, /^The parameter a is an instance of Map\./],
    [circle, /^The parameter self\[0\] contains itself\./],
    [deep, /is nested deeper than 64 levels\./],
    ['uid=4', /^The parameters are a string\. Give a plain object or a list\.$/],
    [null, /^The parameters are null\./],
    [new Date(0), /^The parameters are an instance of Date\./],
  ]

  for (const [value, message] of cases) {
    assert.throws(() => encodeParams(value as Params), { name: 'TypeError', message })
  }
})

test('writes the deepest nesting that is also read', () => {
  let deepest: Params | string = 'x'
  for (let level = 0; level <= 64; level++) deepest = { a: deepest }

  const decoded = decodeParams(encodeParams(deepest as Params))

  assert.deepEqual(decoded, fromPhp(deepest as Json))
})

function askPhp(decode: { text: string }[], values: Params[]): Answers {
  const questions = { decode, encode: values.map((value) => ({ value })) }
  const { stdout, stderr, status } = spawnSync('php', [...PHP, `${FIXTURES}record.php`], {
    input: JSON.stringify(questions),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  assert.equal(status, 0, `PARAMS_SEED=${SEED}: php failed: ${stderr}`)
  return JSON.parse(stdout)
}

/** An answer of the script that records them, in the shape `decodeParams` promises. */
function fromPhp(answer: Json): unknown {
  if (typeof answer === 'string') return textFromPhp(answer)
  if (Array.isArray(answer)) return answer.map(fromPhp)
  const object = Object.create(null)
  for (const [key, value] of Object.entries(answer ?? {})) object[textFromPhp(key)] = fromPhp(value)
  return object
}

function textFromPhp(text: string): string {
  return text.startsWith('bytes:') ? Buffer.from(text.slice('bytes:'.length), 'hex').toString() : text
}

/** Two names of bytes that are not UTF-8 are different to PHP and both U+FFFD to us: documented, so not compared. */
function hasUnreadableName(answer: Json): boolean {
  return /"bytes:[0-9a-f]*":/.test(JSON.stringify(answer))
}

/** Texts made of the pieces that rules are about, so that most of them hit several rules at once. */
function randomText(): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'a.b', 'x', '0', '1', '2', '7', '-3', '-0', '01', 'é', '😀') },
    { weight: 8, arbitrary: fc.constantFrom('[', ']', '[]', '[a]', '[0]', '[1]', '[ ]', '[%09]', '[[', ']]', '[x][]') },
    { weight: 4, arbitrary: fc.constantFrom('&', '=', '+', ' ', '.', '%', '_', ';', '%00', '\0', '__proto__') },
    { weight: 3, arbitrary: fc.constantFrom('%5B', '%5d', '%20', '%2e', '%26', '%3D', '%C3%A9', '%zz', '%4', '%25') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('%FF', '%C3', '%E2%82', '%ED%A0%80', '__Host-', '_.Secure-', '[a]'.repeat(32)),
    },
    { weight: 1, arbitrary: fc.constantFrom('9223372036854775807', '9223372036854775806', '-9223372036854775808') },
  )
  const name = fc.array(piece, { minLength: 1, maxLength: 7 }).map((pieces) => pieces.join(''))
  const pair = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(name, name).map((sides) => sides.join('=')) },
    { weight: 1, arbitrary: name },
  )
  return fc.array(pair, { minLength: 1, maxLength: 6 }).map((pairs) => pairs.join('&'))
}

function randomParams(): fc.Arbitrary<Params> {
  const text = fc.string({ unit: fc.constantFrom(...'ab01 .-_~+%&=[]!*\'()"é€😀\n/') })
  const scalar = fc.oneof(
    text,
    fc.boolean(),
    fc.constant(null),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -1e9, max: 1e9 }).map((thousandths) => thousandths / 1_000),
    fc.integer({ min: 1e13, max: 9e13 }).map((tenths) => tenths + 0.5),
  )
  const { collection } = fc.letrec<{ collection: Params }>((tie) => ({
    collection: fc.oneof(
      fc.array(fc.oneof(scalar, tie('collection')), { maxLength: 4 }) as unknown as fc.Arbitrary<Params>,
      fc.dictionary(text, fc.oneof(scalar, tie('collection')), { maxKeys: 4 }) as fc.Arbitrary<Params>,
    ),
  }))
  return collection
}
