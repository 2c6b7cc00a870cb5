/**
 * A value of a schedule file as its author would write it, for a sentence about what is wrong with it.
 */

const LONGEST = 80

export function showValue(value: unknown): string {
  const text = written(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
}

function written(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'string' && typeof value !== 'object') return String(value)
  try {
    return JSON.stringify(value)
  } catch {
    return 'an object'
  }
}
