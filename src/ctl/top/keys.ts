/** Keys, out of the bytes that a terminal sends for them. */

/** A name, or the character itself. */
export type Key = string

/** Both forms of the arrows: a terminal sends one or the other, by its mode. */
const NAMES: Readonly<Record<string, Key>> = {
  '\x1b': 'escape',
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\r': 'enter',
  '\n': 'enter',
  ' ': 'space',
  '\x03': 'ctrl-c',
  '\x0c': 'ctrl-l',
  '\x1a': 'ctrl-z',
  '\x7f': 'escape',
}

const ESCAPE = '\x1b'

/** A whole sequence, or a single character; what is no key of ours is passed over whole. */
const KEY = new RegExp(`${ESCAPE}(?:\\[[0-9;?]*[A-Za-z~]|O[A-Za-z])|.`, 'gsu')

/** How long to wait for the rest of a sequence before its first byte is the key Escape. */
export const REST_OF_SEQUENCE_MS = 50

/** @param bytes  what came at once: several keys, when somebody types fast */
export function keysIn(bytes: string): Key[] {
  return [...bytes.matchAll(KEY)].map(([sequence]) => NAMES[sequence] ?? sequence)
}

/** Whether more may belong to it: a sequence that was cut in two on its way. */
export function isBegun(bytes: string): boolean {
  return bytes.endsWith('\x1b') || bytes.endsWith('\x1b[') || bytes.endsWith('\x1bO')
}
