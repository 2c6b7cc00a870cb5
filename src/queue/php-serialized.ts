/**
 * What PHP's `serialize()` wrote, read without ever making anything of it: no class is looked for, nothing is run.
 *
 * It is read from bytes, because its lengths count bytes. What is not well-formed to its last byte is not read at all, so
 * whoever shows it shows it as it stands.
 */

/** A value of PHP. Exactly one `kind`. */
export type PhpValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  /** A whole number as it is written: it may be wider than a number of JavaScript. */
  | { readonly kind: 'int'; readonly digits: string }
  /** `INF`, `-INF` and `NAN` among them. */
  | { readonly kind: 'float'; readonly text: string }
  | { readonly kind: 'string'; readonly bytes: Buffer }
  | { readonly kind: 'array'; readonly entries: readonly PhpEntry[] }
  /** Properties without the marks of who may see them. */
  | { readonly kind: 'object'; readonly className: string; readonly entries: readonly PhpEntry[] }
  /** An object whose class wrote these bytes in a way of its own. */
  | { readonly kind: 'opaque'; readonly className: string; readonly bytes: Buffer }
  | { readonly kind: 'enum'; readonly name: string }
  /** The value of that number, counted from 1 as they begin, once more. */
  | { readonly kind: 'again'; readonly number: number }

export interface PhpEntry {
  readonly key: string | Buffer
  readonly value: PhpValue
}

/** PHP reads no deeper than 4,096; a person reads nothing of that kind. */
const DEEPEST = 200
const INT = /[+-]?\d+/y
const FLOAT = /(?:[+-]?(?:INF|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|NAN)/y
const LENGTH = /\d+/y
const CLASS = /^[\w\\\x80-\xff]+(?:@anonymous[\s\S]*)?$/

class Malformed extends Error {}

/** @returns undefined when it is anything else, or was cut off */
export function readSerialized(text: string | Buffer): PhpValue | undefined {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  try {
    const reading = new Reading(bytes)
    const value = reading.value(0)
    return reading.isAtEnd ? value : undefined
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

class Reading {
  readonly #bytes: Buffer
  /** Every byte as one character, for patterns. */
  readonly #text: string
  #at = 0
  /** Values that can be referred to. */
  #values = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#text = bytes.toString('latin1')
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  value(depth: number): PhpValue {
    if (depth > DEEPEST) throw new Malformed()
    const kind = this.#text[this.#at++]
    if (kind !== 'R') this.#values++
    if (kind === 'N') {
      this.#expect(';')
      return { kind: 'null' }
    }
    this.#expect(':')
    switch (kind) {
      case 'b':
        return { kind: 'bool', value: this.#endedBy(/[01]/y) === '1' }
      case 'i':
        return { kind: 'int', digits: this.#endedBy(INT).replace(/^\+/, '') }
      case 'd':
        return { kind: 'float', text: this.#endedBy(FLOAT).replace(/^\+/, '') }
      case 's':
      case 'S': {
        const bytes = kind === 's' ? this.#quoted() : this.#escaped()
        this.#expect(';')
        return { kind: 'string', bytes }
      }
      case 'a':
        return { kind: 'array', entries: this.#entries(depth, false) }
      case 'O': {
        const className = this.#className()
        this.#expect(':')
        return { kind: 'object', className, entries: this.#entries(depth, true) }
      }
      case 'C':
        return this.#opaque()
      case 'E':
        return this.#enumCase()
      case 'r':
      case 'R':
        return this.#again(kind)
      default:
        throw new Malformed()
    }
  }

  #opaque(): PhpValue {
    const className = this.#className()
    this.#expect(':')
    const length = Number(this.#take(LENGTH))
    this.#expect(':{')
    const bytes = this.#next(length)
    this.#expect('}')
    return { kind: 'opaque', className, bytes }
  }

  #enumCase(): PhpValue {
    const name = this.#quoted().toString('latin1')
    this.#expect(';')
    const [, className = '', caseName = ''] = /^([^:]+):([^:]+)$/.exec(name) ?? []
    if (!CLASS.test(className) || !CLASS.test(caseName)) throw new Malformed()
    return { kind: 'enum', name: `${className}::${caseName}` }
  }

  #again(kind: 'r' | 'R'): PhpValue {
    const number = Number(this.#endedBy(LENGTH))
    const known = kind === 'r' ? this.#values - 1 : this.#values
    if (number < 1 || number > known) throw new Malformed()
    return { kind: 'again', number }
  }

  #entries(depth: number, isObject: boolean): PhpEntry[] {
    const count = Number(this.#take(LENGTH))
    this.#expect(':{')
    const entries: PhpEntry[] = []
    for (let i = 0; i < count; i++) {
      const key = this.#key(isObject)
      entries.push({ key, value: this.value(depth + 1) })
    }
    this.#expect('}')
    return entries
  }

  #key(isObject: boolean): string | Buffer {
    const kind = this.#text[this.#at++]
    this.#expect(':')
    if (kind === 'i') return this.#endedBy(INT).replace(/^\+/, '')
    if (kind !== 's' && kind !== 'S') throw new Malformed()
    const bytes = kind === 's' ? this.#quoted() : this.#escaped()
    this.#expect(';')
    return isObject && bytes[0] === 0 ? bytes.subarray(bytes.indexOf(0, 1) + 1) : bytes
  }

  #className(): string {
    const name = this.#quoted()
    if (!CLASS.test(name.toString('latin1'))) throw new Malformed()
    return name.toString()
  }

  /** `3:"uid"` */
  #quoted(): Buffer {
    const length = Number(this.#take(LENGTH))
    this.#expect(':"')
    const bytes = this.#next(length)
    this.#expect('"')
    return bytes
  }

  /** `3:"u\69d"`: so many bytes, of which any may be written as two digits. */
  #escaped(): Buffer {
    const length = Number(this.#take(LENGTH))
    this.#expect(':"')
    if (length > this.#bytes.length - this.#at) throw new Malformed()
    const bytes = Buffer.alloc(length)
    for (let i = 0; i < length; i++) {
      const [byte = 0] = this.#next(1)
      bytes[i] = byte === BACKSLASH ? Number.parseInt(this.#take(/[0-9a-fA-F]{2}/y), 16) : byte
    }
    this.#expect('"')
    return bytes
  }

  #endedBy(pattern: RegExp): string {
    const found = this.#take(pattern)
    this.#expect(';')
    return found
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const [found] = pattern.exec(this.#text) ?? []
    if (found === undefined) throw new Malformed()
    this.#at += found.length
    return found
  }

  #next(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new Malformed()
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #expect(text: string): void {
    if (!this.#text.startsWith(text, this.#at)) throw new Malformed()
    this.#at += text.length
  }
}

const BACKSLASH = '\\'.charCodeAt(0)
