/**
 * Parameters of a task as PHP writes and reads them: `uid=4&uids[]=6`.
 *
 * `encodeParams` answers what `http_build_query` answers, and `decodeParams` what `parse_str` does, so a site in PHP and
 * a task program in Node (or the other way round) understand the same `param`. The rules are those of PHP 8.2 with its
 * default settings. They are odd in places, and each is tested against answers recorded from PHP itself.
 *
 * What is ours and not PHP's:
 * - any number of parameters is read: `max_input_vars` protects a web server from requests, and these are data;
 * - bytes that are not UTF-8 are read as U+FFFD, because a JavaScript string has no place for them;
 * - keys of an object that look like whole numbers come first, in ascending order, as in every JavaScript object;
 * - a value PHP would write wrongly, or could not read back, is refused when it is written.
 *
 * Not every name comes back as it was: PHP reads `a.b` as `a_b`, brackets in a name as nesting, and nothing at all under a
 * name such as `a[__Host-b]`. Names of letters, digits, `-` and `_` are safe. Fractions keep 14 digits.
 */

import { APPEND, type Key, PhpArray } from './php-array.ts'

/** What can be written. `null` and `undefined` are left out, `true` is 1 and `false` is 0. */
export type ParamValue = string | number | bigint | boolean | null | undefined | readonly ParamValue[] | Params

export type Params = { readonly [name: string]: ParamValue }

/** What is read: text all the way down. Objects have no prototype, so no name in a param can reach one. */
export type DecodedParams = { [name: string]: DecodedValue }

type DecodedValue = string | DecodedValue[] | DecodedParams

/** `max_input_nesting_level`: how many pairs of brackets may follow a name. */
const DEEPEST_NESTING = 64

/** `precision`: how many digits of a fraction are written. */
const FRACTION_DIGITS = 14

/**
 * `{ uid: 4, uids: [6] }` is `uid=4&uids%5B0%5D=6`.
 *
 * @throws TypeError naming the parameter, when a value is none of `ParamValue` (a Date, a function, NaN …), contains
 *   itself, or is nested deeper than PHP reads
 */
export function encodeParams(params: Params | readonly ParamValue[]): string {
  if (!isCollection(params)) {
    throw new TypeError(`The parameters are ${describe(params)}. Give a plain object or a list.`)
  }
  const pairs: string[] = []
  addPairs(pairs, params, [params], (key) => key)
  return pairs.join('&')
}

type Collection = Params | readonly ParamValue[]

/** @param path  the collections from the outermost down to this one */
function addPairs(pairs: string[], collection: Collection, path: Collection[], name: (key: string) => string): void {
  for (const [key, value] of Object.entries(collection)) {
    const fullName = name(urlEncode(key))
    if (value === null || value === undefined) continue
    if (isCollection(value)) {
      refuseUnreadable(value, path, fullName)
      addPairs(pairs, value, [...path, value], (inner) => `${fullName}%5B${inner}%5D`)
    } else {
      pairs.push(`${fullName}=${urlEncode(scalarText(value, fullName))}`)
    }
  }
}

function refuseUnreadable(value: Collection, path: Collection[], name: string): void {
  if (path.includes(value)) throw refusal(name, 'contains itself', 'Give a copy without the circle.')
  if (path.length <= DEEPEST_NESTING) return
  throw refusal(name, `is nested deeper than ${DEEPEST_NESTING} levels`, 'PHP would not read it: make it flatter.')
}

function isCollection(value: unknown): value is Collection {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function scalarText(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return numberText(value)
  const remedy = 'Give a string, a finite number, a boolean, null, a list or a plain object.'
  throw refusal(name, `is ${describe(value)}`, remedy)
}

function refusal(encodedName: string, what: string, remedy: string): TypeError {
  return new TypeError(`The parameter ${urlDecode(encodedName)} ${what}. ${remedy}`)
}

function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number') return String(value)
  return typeof value === 'object' ? `an instance of ${value.constructor?.name ?? 'no class'}` : `a ${typeof value}`
}

/** Whole numbers that PHP can hold as such are written in full, all others as its floats are: `0.3`, `1.0E+25`. */
function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return String(value)
  const [mantissa = '', exponentText] = roundHalfEven(value).split('e')
  const sign = value < 0 ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= FRACTION_DIGITS) {
    return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = digits.slice(exponent + 1)
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** `toExponential` rounds what lies exactly between two numbers up; PHP rounds it to the even one. */
function roundHalfEven(value: number): string {
  const tieBelowEven = /^(-?\d\.\d{12}[02468])50*(e.*)$/.exec(value.toExponential(100))
  return tieBelowEven ? `${tieBelowEven[1]}${tieBelowEven[2]}` : value.toExponential(FRACTION_DIGITS - 1)
}

/** As `urlencode`: letters, digits and `-_.` stay, a blank is `+`, all else is %XX of its UTF-8 bytes. */
function urlEncode(text: string): string {
  if (/^[\w.-]*$/.test(text)) return text
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%20', '+')
    .replace(/[!~*'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * `uid=4&uids[]=6` is `{ uid: '4', uids: ['6'] }`. Never throws: every text means something to PHP.
 *
 * An array whose keys are 0, 1, 2 … in this order is read as a list, every other one as an object.
 */
export function decodeParams(text: string): DecodedParams {
  const root = new PhpArray()
  for (const pair of upToNul(text.toWellFormed()).split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = equals === -1 ? pair : pair.slice(0, equals)
    const value = equals === -1 ? '' : pair.slice(equals + 1)
    assign(root, upToNul(urlDecode(name)), urlDecode(value))
  }
  return toObject(root)
}

/** PHP reads names as C strings, which end at the first NUL. */
function upToNul(text: string): string {
  const end = text.indexOf('\0')
  return end === -1 ? text : text.slice(0, end)
}

function urlDecode(text: string): string {
  if (!/[+%]/.test(text)) return text
  const spaced = text.replaceAll('+', ' ')
  if (!spaced.includes('%')) return spaced
  const bytes = Buffer.from(spaced)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const hex = bytes[at] === PERCENT ? bytes.toString('latin1', at + 1, at + 3) : ''
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      bytes[length++] = Number.parseInt(hex, 16)
      at += 2
    } else {
      bytes[length++] = bytes[at] as number
    }
  }
  return bytes.toString('utf8', 0, length)
}

const PERCENT = '%'.charCodeAt(0)

function assign(root: PhpArray, rawName: string, value: string): void {
  const name = rawName.replace(/^ +/, '')
  if (name === '' || name.startsWith('[')) return
  const [first, ...inner] = keyPath(name)
  let target = root
  let key: Key = first
  for (const [depth, next] of inner.entries()) {
    if (depth === DEEPEST_NESTING) {
      root.delete(first) // as PHP does: the whole parameter is gone, also what earlier pairs had put there
      return
    }
    if (isForbidden(key, name)) return
    target = target.arrayAt(key)
    key = next
  }
  if (!isForbidden(key, name)) target.put(key, value)
}

/** `a.b[c][]` is `a_b`, `c`, append. What follows the last closed bracket is ignored. */
function keyPath(name: string): [string, ...Key[]] {
  const path: [string, ...Key[]] = [legalName(name.replace(/\[.*/s, ''))]
  let open = name.indexOf('[')
  while (name[open] === '[') {
    if (path.length > DEEPEST_NESTING) return [...path, APPEND] // one too many already; what it is does not matter
    const close = name.indexOf(']', open + 1)
    if (close === -1) return path.length === 1 ? [legalName(name)] : path
    const key = name.slice(open + 1, close)
    path.push(/^[ \t-\r]?$/.test(key) ? APPEND : key)
    open = close + 1
  }
  return path
}

/** Names of PHP variables have no blank, dot or opening bracket. */
function legalName(name: string): string {
  return name.replace(/[ .[]/g, '_')
}

/** These prefixes promise something about a cookie; PHP lets no key have one that the name did not begin with. */
function isForbidden(key: Key, name: string): boolean {
  return key !== APPEND && ['__Host-', '__Secure-'].some((prefix) => key.startsWith(prefix) && !name.startsWith(prefix))
}

function toObject(array: PhpArray): DecodedParams {
  const object: DecodedParams = Object.create(null)
  for (const [key, value] of array.entries()) object[key] = toPlain(value)
  return object
}

function toPlain(value: string | PhpArray): DecodedValue {
  if (typeof value === 'string') return value
  return value.isList() ? [...value.entries()].map(([, item]) => toPlain(item)) : toObject(value)
}
