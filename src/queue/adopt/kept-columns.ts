/**
 * Columns of an old table that have our names and stay as they are: what of their types does no harm, and what that costs.
 */

/** The highest id that a type holds. */
const HIGHEST: Readonly<Record<string, string>> = {
  mediumint: '8,388,607',
  'mediumint unsigned': '16,777,215',
  int: '2,147,483,647',
  'int unsigned': '4,294,967,295',
  bigint: '9,223,372,036,854,775,807',
}

const KEEPABLE: Readonly<Record<string, RegExp>> = {
  id: /^(?:mediumint|int|bigint)/,
  status: /^(?:tiny|small|medium|big)?int/,
  param: /^(?:varchar|(?:tiny|medium|long)?text)/,
}

/** Whether our programs work with a column of the table `queue` as it is. */
export function isKeepable(name: string, type: string): boolean {
  return KEEPABLE[name]?.test(type.toLowerCase()) ?? false
}

/** @returns what somebody should know of it, as the end of a sentence; undefined for nothing */
export function keptWith(name: string, type: string, collation: string | undefined): string | undefined {
  const plain = type.toLowerCase().replace(/\(\d+\)/, '')
  if (name === 'id') {
    const highest = HIGHEST[plain]
    return highest === undefined || plain === 'bigint' ? undefined : `it holds ids up to ${highest}`
  }
  if (name !== 'param') return undefined
  const length = /^varchar\((\d+)\)/.exec(type.toLowerCase())?.[1]
  const isUtf8 = collation === undefined || collation.startsWith('utf8mb4')
  const limits = [
    ...(length === undefined ? [] : [`it holds ${Number(length).toLocaleString('en')} characters`]),
    ...(isUtf8 ? [] : [`it refuses characters that ${collation?.split('_')[0]} does not have`]),
  ]
  return limits.length === 0 ? undefined : limits.join(', and ')
}
