/**
 * Finds a key that an object of a JSON text has twice. `JSON.parse` takes the last one and says nothing, and so a job would
 * be lost.
 */

export interface DuplicateKey {
  readonly key: string
  /** The key of the object it is in; undefined for the outermost. */
  readonly within: string | undefined
  /** Lines count from 1. */
  readonly line: number
  readonly firstLine: number
}

interface Container {
  /** The line of each key; a list has none. */
  readonly keys: Map<string, number>
  readonly name: string | undefined
  lastKey: string | undefined
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|\n/g

/** @param text  JSON that `JSON.parse` accepts */
export function duplicateKey(text: string): DuplicateKey | undefined {
  const containers: Container[] = []
  let line = 1
  /** The string just read, which is a key when a colon follows. */
  let word: { readonly text: string; readonly line: number } | undefined
  for (const [token] of text.matchAll(TOKEN)) {
    const inside = containers.at(-1)
    if (token === '\n') line++
    else if (token.startsWith('"')) word = { text: String(JSON.parse(token)), line }
    else if (token === '{' || token === '[') {
      containers.push({ keys: new Map(), name: inside?.lastKey, lastKey: undefined })
    } else if (token === '}' || token === ']') containers.pop()
    else if (token === ':' && word !== undefined && inside !== undefined) {
      const firstLine = inside.keys.get(word.text)
      if (firstLine !== undefined) return { key: word.text, within: inside.name, line: word.line, firstLine }
      inside.keys.set(word.text, word.line)
      inside.lastKey = word.text
    }
  }
  return undefined
}
