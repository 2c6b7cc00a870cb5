import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { quote } from '../../src/host/quote.ts'
import { ALWAYS_TRIED, nastyText, SEED } from '../worker/nasty-text.ts'

/** The one that is used, and others that are /bin/sh elsewhere. */
const SHELLS = new Set(
  ['/bin/sh', '/bin/bash', '/bin/dash', '/bin/busybox']
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path)),
)

for (const shell of SHELLS) {
  test(`a quoted text reaches a program through ${basename(shell)} byte for byte`, () => {
    const manyTexts = fc.array(nastyText(), { minLength: 1, maxLength: 20 })

    fc.assert(
      fc.property(manyTexts, (texts) => argumentsThrough(shell, texts).equals(endedByNul(texts))),
      { seed: SEED, numRuns: 80, examples: [[[...ALWAYS_TRIED]]] },
    )
  })
}

test('a quoted text is one word, however many it looks like', () => {
  const texts = ['a b', '', ' c\nd ', "it's 'so'", '*']

  const words = argumentsThrough('/bin/sh', texts)

  assert.deepEqual(words, endedByNul(texts))
})

/** What a program finds in its arguments when these texts, quoted, are its words in a script that the shell reads. */
function argumentsThrough(shell: string, texts: readonly string[]): Buffer {
  const command = ['env', 'printf', '%s\\0', ...texts].map(quote).join(' ')
  const args = basename(shell) === 'busybox' ? ['sh'] : []
  const { stdout, stderr, status } = spawnSync(shell, args, { input: `${command}\n`, maxBuffer: 16 * 1_048_576 })
  assert.equal(`${status} ${stderr}`, '0 ')
  return stdout
}

function endedByNul(texts: readonly string[]): Buffer {
  return Buffer.from(texts.map((text) => `${text}\0`).join(''))
}
