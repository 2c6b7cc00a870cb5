/**
 * Serialized values against a real PHP: what it writes we read as it reads it, and what it does not read we do not either.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { type PhpValue, readSerialized } from '../../src/queue/php-serialized.ts'
import { phpText } from '../../src/queue/php-text.ts'

const RUNS = 3_000

/** Reads lines of base64 of JSON, and answers each with base64 of what serialize() makes of it. */
const SERIALIZE = `while (($line = fgets(STDIN)) !== false) {
  echo base64_encode(serialize(json_decode(base64_decode($line), true, 512))), "\\n";
}`

/** Answers each line with 1 when unserialize() takes it, without making anything of it. */
const TAKES = `while (($line = fgets(STDIN)) !== false) {
  $text = base64_decode($line);
  echo $text === 'b:0;' || @unserialize($text, ['allowed_classes' => false]) !== false ? 1 : 0, "\\n";
}`

/** Values that JSON has no word for; what PHP writes of each, and how it is shown. */
const ODD = `
enum Suit: string { case Hearts = 'H'; }
class Order { private $id = 4; protected $n = 1.5; public $who = ['Zoë']; }
class Own { public $a = 1; function __serialize(): array { return ['a' => 2, 7 => null]; } }
$one = ['x']; $twice = [&$one, &$one]; $same = new Order(); $loop = []; $loop['me'] = &$loop;
foreach ([Suit::Hearts, new Order(), new Own(), $twice, [$same, $same], INF, -INF, NAN, -0.0, 1e100, PHP_INT_MIN, "\\xff\\x00",
  new ArrayObject([1, 2]), new SplObjectStorage(), new DateTimeZone('UTC'), [[], null, false], $loop] as $value)
  echo base64_encode(serialize($value)), "\\n";`

test('what PHP writes of any array is read as the same values', () => {
  const values = fc.sample(fc.oneof(fc.array(json()), fc.dictionary(fc.string({ unit: 'binary' }), json())), RUNS)

  const serialized = php(SERIALIZE, values.map((value) => JSON.stringify(value)).map(base64))

  for (const [i, text] of serialized.entries()) {
    const value = readSerialized(Buffer.from(text, 'base64'))
    assert.ok(value, Buffer.from(text, 'base64').toString())
    assert.deepEqual(plain(value), asPhpHasIt(values[i]))
  }
})

test('what we read of a text that somebody has spoilt, PHP reads, too', () => {
  const whole = php(ODD, []).map((text) => Buffer.from(text, 'base64'))
  const spoilt = fc.sample(
    fc.tuple(
      fc.constantFrom(...whole),
      fc.nat(),
      fc.constantFrom('cut', 'put', 'drop'),
      fc.integer({ min: 0, max: 255 }),
    ),
    RUNS,
  )
  const texts = spoilt.map(([text, at, how, byte]) => {
    const place = at % text.length
    const [before, after] = [text.subarray(0, place), text.subarray(place + 1)]
    if (how === 'cut') return before
    return Buffer.concat(how === 'drop' ? [before, after] : [before, Buffer.from([byte]), after])
  })
  // PHP forgets the first of two values with one key, and does not read a reference to it.
  // Whether a class lets its properties be set so, is not for us to know.
  const read = texts.filter((text) => {
    const value = readSerialized(text)
    return value !== undefined && !hasTwice(value) && !/[OCE]:\d/.test(text.toString('latin1'))
  })

  const takes = php(
    TAKES,
    read.map((text) => text.toString('base64')),
  )

  assert.ok(read.length > 20, `only ${read.length} could be read`)
  assert.deepEqual(read.filter((_, i) => takes[i] !== '1').map(String), [])
})

test('enums, objects, references and floats of every kind are shown', () => {
  const shown = php(ODD, []).map((text) => {
    const value = readSerialized(Buffer.from(text, 'base64'))
    return value && phpText(value)
  })

  assert.deepEqual(shown, [
    'Suit::Hearts',
    'Order {"id": 4, "n": 1.5, "who": ["Zoë"]}',
    'Own {"a": 2, "7": null}',
    '[["x"], #2]',
    '[Order {"id": 4, "n": 1.5, "who": ["Zoë"]}, #2]',
    ...['INF', '-INF', 'NAN', '-0.0', '1.0E+100', '-9223372036854775808', '0xff00'],
    'ArrayObject {"0": 0, "1": [1, 2], "2": [], "3": null}',
    'SplObjectStorage {"0": [], "1": []}',
    'DateTimeZone {"timezone_type": 3, "timezone": "UTC"}',
    '[[], null, false]',
    '{"me": {"me": #2}}',
  ])
})

function json(): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double({ noDefaultInfinity: true, noNaN: true }).filter((it) => !Object.is(it, -0)),
      fc.string({ unit: 'binary' }),
      fc.array(tie('value')),
      fc.dictionary(fc.string({ unit: 'binary' }), tie('value')),
    ),
  })).value
}

/** Arrays and objects alike are lists of keys and values; whole numbers are one thing, whether they were written with a point. */
function asPhpHasIt(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [
    key.toWellFormed(),
    asPhpHasIt(inner),
  ])
  return [...new Map(entries)].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function plain(value: PhpValue): unknown {
  switch (value.kind) {
    case 'null':
      return null
    case 'bool':
      return value.value
    case 'int':
      return Number(value.digits)
    case 'float':
      return Number(value.text)
    case 'string':
      return value.bytes.toString()
    case 'array':
      return value.entries
        .map((entry): [string, unknown] => [String(entry.key), plain(entry.value)])
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
    default:
      throw new Error(`JSON has no ${value.kind}`)
  }
}

function hasTwice(value: PhpValue): boolean {
  if (value.kind !== 'array' && value.kind !== 'object') return false
  const keys = value.entries.map(({ key }) => String(key))
  return new Set(keys).size < keys.length || value.entries.some((entry) => hasTwice(entry.value))
}

function base64(text: string): string {
  return Buffer.from(text.toWellFormed()).toString('base64')
}

function php(program: string, lines: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync('php', ['-r', program], {
    input: lines.map((line) => `${line}\n`).join(''),
    maxBuffer: 2 ** 28,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return stdout.trimEnd().split('\n')
}
