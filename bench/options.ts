/**
 * The flags of a bench: declared with what each is unless told, read, and refused with a sentence that names them all.
 *
 *     const options = readOptions(args, { rounds: whole(5), concurrency: wholes([1, 4, 10]), compare: directories() })
 */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Complaint, EXIT } from '../src/exit.ts'

/** How one flag is read. */
export interface Flag<T> {
  /** @param texts  what was given, once for each time; none when it was not */
  read(name: string, texts: readonly string[]): T
}

export const OUR_BUILD = join(import.meta.dirname, '..', 'dist')

/**
 * @param args  `['--rounds', '3', '--concurrency', '1,4']`
 * @throws Complaint with the flags that there are
 */
export function readOptions<T extends object>(
  args: readonly string[],
  declared: { readonly [Name in keyof T]: Flag<T[Name]> },
): T {
  const entries = Object.entries(declared) as [string, Flag<unknown>][]
  const given = parsed(
    args,
    entries.map(([name]) => name),
  )
  return Object.fromEntries(entries.map(([name, flag]) => [name, flag.read(name, given[name] ?? [])])) as T
}

/** A whole number from 1. */
export function whole(usual: number): Flag<number> {
  return { read: (name, texts) => wholeNumber(name, texts.at(-1) ?? String(usual)) }
}

/** Whole numbers from 1: `1,4,10`. */
export function wholes(usual: readonly number[]): Flag<readonly number[]> {
  return {
    read: (name, texts) => (texts.at(-1) ?? usual.join(',')).split(',').map((text) => wholeNumber(name, text)),
  }
}

/** One of these words, the first unless told. */
export function choice<Word extends string>(...words: readonly [Word, ...Word[]]): Flag<Word> {
  return { read: (name, texts) => oneOf(name, texts.at(-1) ?? words[0], words) }
}

/** Some of these words, all of them unless told: `mariadb,sqlite`. */
export function choices<Word extends string>(...words: readonly [Word, ...Word[]]): Flag<readonly Word[]> {
  return {
    read: (name, texts) => (texts.at(-1) ?? words.join(',')).split(',').map((text) => oneOf(name, text, words)),
  }
}

/** Any text, none unless told. */
export function text(): Flag<string | undefined> {
  return { read: (_, texts) => texts.at(-1) }
}

/** The dist/ directories of other builds to measure beside ours: `--compare /tmp/before/dist`, as often as wanted. */
export function directories(): Flag<readonly string[]> {
  return { read: (_, texts) => texts.map((path) => resolve(path)) }
}

function parsed(args: readonly string[], names: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string', multiple: true } as const]))
  try {
    return parseArgs({ args: [...args], options }).values as Readonly<Record<string, readonly string[]>>
  } catch (error) {
    const flags = names.map((name) => `--${name}`).join(', ')
    throw new Complaint(EXIT.usage, `${(error as Error).message.replace(/\.?$/, '.')} Use ${flags}.`)
  }
}

function wholeNumber(name: string, given: string): number {
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given)
  throw new Complaint(EXIT.usage, `--${name} is ${given}. Use a whole number from 1.`)
}

function oneOf<Word extends string>(name: string, given: string, words: readonly Word[]): Word {
  const word = words.find((one) => one === given)
  if (word !== undefined) return word
  throw new Complaint(EXIT.usage, `--${name} is ${given}. Use ${words.join(' or ')}.`)
}
