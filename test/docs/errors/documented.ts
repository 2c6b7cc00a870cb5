/**
 * The sentences of docs/errors.md: each row of a table there that begins with one.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface Documented {
  /** With `…` for what varies. */
  readonly sentence: string
  readonly exitCodes: readonly number[]
}

const PAGE = join(resolve(import.meta.dirname, '../../..'), 'docs/errors.md')

export function documentedSentences(page = readFileSync(PAGE, 'utf8')): Documented[] {
  return [...page.matchAll(/^\| `(.+?)` \| ([\d, ]+) \|/gm)].map(([, sentence = '', codes = '']) => ({
    sentence,
    exitCodes: codes.split(',').map(Number),
  }))
}

/** @param begins  so much of a sentence that no other begins like it, or all of it */
export function documentedAs(begins: string, all: readonly Documented[]): Documented {
  const found = all.filter(({ sentence }) => sentence.startsWith(begins))
  const [one] = found.length === 1 ? found : found.filter(({ sentence }) => sentence === begins)
  if (one !== undefined) return one
  throw new Error(`docs/errors.md has ${found.length} sentences that begin with "${begins}".`)
}

/** What a sentence with `…` stands for. */
export function patternOf(sentence: string): RegExp {
  return new RegExp(`^${source(sentence)}$`, 's')
}

/** The same anywhere in a text. */
export function partPatternOf(sentence: string): RegExp {
  return new RegExp(source(sentence), 's')
}

/** What does not vary. */
export function fixedParts(sentence: string): string[] {
  return sentence.split(/…+/).filter((part) => part !== '')
}

function source(sentence: string): string {
  const fixed = sentence.split(/…+/)
  return fixed.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('.*?')
}
