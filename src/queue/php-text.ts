/**
 * A value of PHP as a person reads it: `{"uid": 4, "uids": [6, 7]}`, with `Order {…}` for an object and `Suit::Hearts` for a
 * case of an enum.
 *
 * Texts are written as JSON writes them; a text whose bytes are no UTF-8 is written as its bytes, `0x…`, because to guess would
 * be to lie. A value that stands there once more is `#3`, the third one, counted as they begin.
 */
import type { PhpEntry, PhpValue } from './php-serialized.ts'

export function phpText(value: PhpValue): string {
  switch (value.kind) {
    case 'null':
      return 'null'
    case 'bool':
      return String(value.value)
    case 'int':
      return value.digits
    case 'float':
      return /^-?\d+$/.test(value.text) ? `${value.text}.0` : value.text
    case 'string':
      return bytesText(value.bytes)
    case 'array':
      return isList(value.entries)
        ? `[${value.entries.map((entry) => phpText(entry.value)).join(', ')}]`
        : entriesText(value.entries)
    case 'object':
      return `${value.className} ${entriesText(value.entries)}`
    case 'opaque':
      return `${value.className} (${bytesText(value.bytes)})`
    case 'enum':
      return value.name
    case 'again':
      return `#${value.number}`
  }
}

function entriesText(entries: readonly PhpEntry[]): string {
  return `{${entries.map(({ key, value }) => `${keyText(key)}: ${phpText(value)}`).join(', ')}}`
}

function keyText(key: string | Buffer): string {
  return typeof key === 'string' ? JSON.stringify(key) : bytesText(key)
}

/** Whether the keys are 0, 1, 2 … in this order. */
function isList(entries: readonly PhpEntry[]): boolean {
  return entries.every(({ key }, place) => key === String(place))
}

function bytesText(bytes: Buffer): string {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? JSON.stringify(text) : `0x${bytes.toString('hex')}`
}
