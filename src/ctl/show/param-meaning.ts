/**
 * What a param says that a person does not read at once: PHP's `serialize()`, and a query string with escapes.
 */
import { decodeParams } from '../../queue/params.ts'
import { readSerialized } from '../../queue/php-serialized.ts'
import { phpText } from '../../queue/php-text.ts'

/** Only arrays and objects begin so, and with a number: `b:1;` is as plain as it is, and may be anything. */
const SERIALIZED = /^[aOCE]:\d+:/
const QUERY = /^[^=&\s]+=[^\s]*$/
const ESCAPE = /%[0-9a-f]{2}|\+/i

/** @returns undefined for what is as readable as it stands, or is none of the two */
export function paramMeaning(param: string): string | undefined {
  if (SERIALIZED.test(param)) {
    const value = readSerialized(param)
    return value === undefined ? undefined : phpText(value)
  }
  return QUERY.test(param) && ESCAPE.test(param) ? JSON.stringify(decodeParams(param)) : undefined
}
