/** The command line with which a person goes on, to be copied as it stands. */
import { quote } from '../../../host/quote.ts'

/** @param instead  flags in the place of those that were given; page marks that are not among them are left out */
export function commandText(verb: string, flags: object, instead: Readonly<Record<string, string>>): string {
  const given = Object.entries(flags).filter(([name]) => isFlag(name) && !PAGE_MARKS.includes(name))
  const words = [...given, ...Object.entries(instead)].flatMap(([name, value]) => wordsOf(name, value))
  return ['queuectl', verb, ...words].join(' ')
}

const PAGE_MARKS = ['before', 'after']

/** yargs adds what it did not read as a flag, the name of the command, and each name of several words once more as one word. */
function isFlag(name: string): boolean {
  return /^[a-z]/.test(name) && !/[A-Z]/.test(name)
}

function wordsOf(name: string, value: unknown): string[] {
  if (value === true) return [`--${name}`]
  if (typeof value !== 'string') return []
  return value.startsWith('-') ? [`--${name}=${word(value)}`] : [`--${name}`, word(value)]
}

/** A plain word is read more easily without quotes. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quote(text)
}
