/**
 * Text for property tests: well-formed, without NUL, and otherwise whatever shells, databases and byte counts get wrong.
 *
 * `TEXT_SEED` repeats a run that failed; the failure's message names it.
 */
import fc from 'fast-check'

export const SEED = Number(process.env.TEXT_SEED ?? Date.now() % 1_000_000)

const LONGEST_BYTES = 61_440

/** Their second byte in UTF-8 is 0x80..0x9f: bytes that some shells use for marks of their own. */
const CONTINUED_BELOW_A0 = Array.from({ length: 32 }, (_, i) => String.fromCodePoint(0xc0 + i))
const CONTROLS = Array.from({ length: 31 }, (_, i) => String.fromCodePoint(i + 1))

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is for the shell
const EXPANSIONS = ['$(exit 3)', '`exit 3`', '$HOME', '${x:-y}', '$$', '~', '*', '?', '[a-z]', '{a,b}', '!', '!!', '%s']
const QUOTES = ["'", "''", '"', '\\', "\\'", "'\\''", '\\0', '\n', '\r\n', '\t', ' ']
const OPERATORS = ['#', '&', '&&', ';', '|', '<', '<<EOF', '>', '>&3', '(', '=', '-n', '--', 'uid=4&uids[]=6']
const CHARACTERS = ['\x7f', '\u0080', '\u009f', '\u2028', '\ufeff', '\ufffd', 'e\u0301', '🐘', '👩‍👩‍👧', '\u{10ffff}']
const FRAGMENTS = [...EXPANSIONS, ...QUOTES, ...OPERATORS, ...CHARACTERS]

/** A few pieces one behind the other, now and then one piece repeated to about 60 KB. */
export function nastyText(): fc.Arbitrary<string> {
  const anything = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', ''))
  const piece = fc.oneof(fc.constantFrom(...FRAGMENTS, ...CONTINUED_BELOW_A0, ...CONTROLS), anything)
  const short = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
  const long = fc
    .tuple(piece, fc.integer({ min: LONGEST_BYTES - 1_000, max: LONGEST_BYTES }))
    .map(([text, bytes]) => text.repeat(Math.floor(bytes / Math.max(1, Buffer.byteLength(text)))))
  return fc.oneof({ arbitrary: short, weight: 19 }, { arbitrary: long, weight: 1 })
}

/** What every run tries, whatever the seed. */
export const ALWAYS_TRIED: readonly string[] = [
  '',
  "'",
  'one newline at the end\n',
  'three newlines at the end\n\n\n',
  '\n',
  ...CONTROLS,
  CONTINUED_BELOW_A0.join(''),
  FRAGMENTS.join(''),
  FRAGMENTS.join('\n'),
  "'".repeat(LONGEST_BYTES),
  '🐘'.repeat(LONGEST_BYTES / 4),
  `${'\\'.repeat(LONGEST_BYTES - 1)}\n`,
]
