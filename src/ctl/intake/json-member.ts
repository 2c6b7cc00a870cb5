/**
 * The text of a member of a JSON object, byte for byte as it stands there.
 *
 * Parsed and written again, `1.0` would be `1`, a long number another one, and `"\/"` something else: a program is to be
 * given what the site wrote.
 */

/**
 * @param json  the text of an object that JSON.parse has accepted
 * @returns the text of the member's value; undefined where there is none. Of several of one name it is the last, as for JSON.parse.
 */
export function memberText(json: string, name: string): string | undefined {
  let found: string | undefined
  let at = behindBlanks(json, json.indexOf('{') + 1)
  while (json[at] === '"') {
    const endOfName = endOfString(json, at)
    const valueAt = behindBlanks(json, behindBlanks(json, endOfName) + 1) // behind the colon
    const end = endOfValue(json, valueAt)
    if (JSON.parse(json.slice(at, endOfName)) === name) found = json.slice(valueAt, end)
    at = behindBlanks(json, behindBlanks(json, end) + 1) // behind the comma, or the end
  }
  return found
}

function endOfValue(json: string, start: number): number {
  let depth = 0
  for (let at = start; at < json.length; at++) {
    const sign = json[at] as string
    if (sign === '"') {
      at = endOfString(json, at) - 1
    } else if (sign === '{' || sign === '[') {
      depth++
    } else if (sign === '}' || sign === ']') {
      if (depth === 0) return withoutBlanks(json, at)
      depth--
    } else if (sign === ',' && depth === 0) {
      return withoutBlanks(json, at)
    }
  }
  return json.length
}

/** @param start  where its first quotation mark is. @returns where it is over */
function endOfString(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}

function behindBlanks(json: string, start: number): number {
  let at = start
  while (isBlank(json[at])) at++
  return at
}

function withoutBlanks(json: string, end: number): number {
  let at = end
  while (isBlank(json[at - 1])) at--
  return at
}

function isBlank(sign: string | undefined): boolean {
  return sign === ' ' || sign === '\n' || sign === '\r' || sign === '\t'
}
