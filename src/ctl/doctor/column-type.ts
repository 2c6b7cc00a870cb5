/**
 * Types of columns, as our migrations write them and as a server writes them down. A wider one does no harm: people widen a
 * column of texts for good reasons.
 */

/** `BIGINT UNSIGNED NOT NULL AUTO_INCREMENT` is `bigint unsigned`. */
export function typeOf(definition: string): string {
  return definition.toLowerCase().replace(/\s+(?:not null|null|default|character set|collate|generated)\b.*$/s, '')
}

/** What sorts by size within a family; the widest last. */
const FAMILIES: readonly (readonly string[])[] = [
  ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'],
  ['tinytext', 'text', 'mediumtext', 'longtext'],
]

/** @param live  as the server writes it: `bigint(20) unsigned` */
export function isEnough(live: string, wanted: string): boolean {
  const is = parts(live)
  const should = parts(wanted)
  if (is.rest !== should.rest) return false
  const family = FAMILIES.find((names) => names.includes(should.name))
  if (family !== undefined) return family.indexOf(is.name) >= family.indexOf(should.name)
  return (
    is.name === should.name && (should.name === 'varchar' ? is.length >= should.length : is.length === should.length)
  )
}

/** The length of a whole number is how wide some client shows it. */
function parts(type: string): { name: string; length: number; rest: string } {
  const [, name = '', length = '0', rest = ''] = /^(\w+)(?:\((\d+)\))?(.*)$/.exec(type.toLowerCase()) ?? []
  return { name, length: FAMILIES[0]?.includes(name) ? 0 : Number(length), rest: rest.trim() }
}

export interface WantedCollation {
  readonly name: string
  fits(live: string): boolean
}

/** Undefined for what is no text. Whatever compares byte by byte will do where only ASCII stands. */
export function wantedCollation(definition: string): WantedCollation | undefined {
  if (!/^(?:varchar|text)/i.test(definition)) return undefined
  if (/collate ascii_bin/i.test(definition)) return { name: 'ascii_bin', fits: (live) => live.endsWith('_bin') }
  return { name: 'utf8mb4_bin', fits: (live) => /^utf8mb4_.*bin$/.test(live) }
}
