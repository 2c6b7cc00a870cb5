/**
 * docs/errors.md and the sources say the same, and every sentence there is produced by a test.
 *
 * A sentence is produced by a case of `errors/`, which runs the real command and compares what it says and its exit code with
 * the page; or, where that takes a stage of its own, by a test that quotes it, named below.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { EXIT } from '../../src/exit.ts'
import { COMMAND_LINES, STANDARD_INPUT } from './errors/command-lines.ts'
import { documentedAs, documentedSentences, fixedParts, partPatternOf } from './errors/documented.ts'
import { ANSWERS, QUOTED } from './errors/elsewhere.ts'
import { IMPORTED, QUEUECTL } from './errors/queuectl.ts'
import { QUEUECTL_SITUATIONS } from './errors/queuectl-situations.ts'
import { sentencesOf, sentencesOfSources } from './errors/sentences-of-sources.ts'
import { SERVERS } from './errors/servers.ts'
import { SETTINGS } from './errors/settings.ts'
import { SITUATIONS } from './errors/situations.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** Shorter ones are frames for sentences that others make: `Line …: …`. */
const LEAST_FIXED = 9
/** So many characters of a sentence in a test are no coincidence. */
const LEAST_QUOTED = 16

const DOCUMENTED = documentedSentences()
const SAID = sentencesOfSources().filter(
  ({ sentence }) => fixedParts(sentence).join('').length >= LEAST_FIXED && !ANSWERS.includes(sentence),
)
const CASES = [
  ...COMMAND_LINES,
  ...STANDARD_INPUT,
  ...QUEUECTL,
  ...IMPORTED,
  ...SETTINGS,
  ...SERVERS,
  ...SITUATIONS,
  ...QUEUECTL_SITUATIONS,
]

test('there are sentences to compare', () => {
  assert.ok(DOCUMENTED.length > 150)
  assert.ok(SAID.length > 130)
  assert.equal(new Set(DOCUMENTED.map(({ sentence }) => sentence)).size, DOCUMENTED.length)
})

test('every sentence of the sources is documented, with its exit code', () => {
  const missing = SAID.filter(({ sentence, exitCode }) => {
    const pattern = partPatternOf(sentence)
    return !DOCUMENTED.some(
      (one) => pattern.test(one.sentence) && (exitCode === undefined || one.exitCodes.includes(exitCode)),
    )
  })

  assert.deepEqual(missing, [])
})

test('every sentence that is documented is in the sources', () => {
  const patterns = SAID.map(({ sentence }) => partPatternOf(sentence))

  assert.deepEqual(
    DOCUMENTED.filter(({ sentence }) => !patterns.some((pattern) => pattern.test(sentence))),
    [],
  )
})

test('every exit code is documented', () => {
  const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')

  assert.deepEqual(
    Object.values(EXIT).filter((code) => !page.includes(`\n| ${code} | `)),
    [],
  )
  assert.deepEqual(
    DOCUMENTED.flatMap(({ exitCodes }) => exitCodes).filter((code) => !Object.values(EXIT).some((one) => one === code)),
    [],
  )
})

test('every sentence that is documented is produced by a test', () => {
  const produced = new Set(CASES.map(({ says }) => documentedAs(says, DOCUMENTED).sentence))
  for (const [file, sentences] of Object.entries(QUOTED)) {
    const text = readFileSync(join(ROOT, 'test', file), 'utf8').replaceAll(/\\(.)/g, '$1')
    for (const begins of sentences) {
      const { sentence } = documentedAs(begins, DOCUMENTED)
      assert.ok(isQuoted(sentence, text), `${file} does not quote: ${sentence}`)
      produced.add(sentence)
    }
  }

  assert.deepEqual(
    DOCUMENTED.filter(({ sentence }) => !produced.has(sentence)).map(({ sentence }) => sentence),
    [],
  )
})

test('what the sources say is found however it is written', () => {
  const source = `
    // new Complaint(EXIT.usage, 'A comment is none. Skip it.')
    const pattern = /['"\`]/ // and 'this is not the rest of a text
    throw new Complaint(EXIT.usage, \`--\${flag} is \${text === '' ? 'empty' : \`"\${text}"\`}. Use ' + \\\`.\`, { cause })
    if (a) return new Complaint(
      code,
      'It is long, ' + "so it is written in two. Read both.",
    )
    complain(\`\${a / b} goes on.\`)
    complain(sentence)
    process.stderr.write(\`add-task: It took \${ms} ms. Wait.\\n\`)`

  assert.deepEqual(
    sentencesOf('src/a.ts', source).map(({ sentence, exitCode }) => [exitCode, sentence]),
    [
      [64, "--… is …. Use ' + `."],
      [undefined, 'It is long, so it is written in two. Read both.'],
      [undefined, '… goes on.'],
      [undefined, 'It took … ms. Wait.'],
    ],
  )
  assert.deepEqual(
    sentencesOf('src/a.ts', `const it = 'No such thing here. Look.'\nthrow new Complaint(EXIT.usage, it)`),
    [{ sentence: 'No such thing here. Look.', exitCode: undefined, file: 'src/a.ts' }],
  )
})

function isQuoted(sentence: string, text: string): boolean {
  return fixedParts(sentence).some((part) => {
    const length = Math.min(LEAST_QUOTED, part.length)
    return (
      length > 5 &&
      Array.from(part.slice(length - 1), (_, at) => part.slice(at, at + length)).some((it) => text.includes(it))
    )
  })
}
