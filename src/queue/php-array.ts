/**
 * An array of PHP: at once a list and a dictionary.
 *
 * Keys keep the order of their first use. A key that is written as a whole number is one, and the array remembers
 * the number after the largest so far: that is what the next append gets.
 */

export const APPEND = Symbol('append')
export type Key = string | typeof APPEND

export class PhpArray {
  readonly #entries = new Map<string, string | PhpArray>()
  #next: bigint | undefined

  put(key: Key, value: string | PhpArray): void {
    const place = key === APPEND ? this.#appendKey() : key
    if (place === undefined) return
    this.#entries.set(place, value)
    const index = wholeNumber(place)
    if (index !== undefined && (this.#next === undefined || index >= this.#next)) this.#next = index + 1n
  }

  /** @returns undefined when no whole number is left: PHP then drops the value */
  #appendKey(): string | undefined {
    const index = this.#next ?? 0n
    return index > LARGEST_INT ? undefined : String(index)
  }

  /** The array at `key`, put there if there is none: a text in its place is lost. */
  arrayAt(key: Key): PhpArray {
    const found = key === APPEND ? undefined : this.#entries.get(key)
    if (found instanceof PhpArray) return found
    const created = new PhpArray()
    this.put(key, created)
    return created
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  entries(): Iterable<[string, string | PhpArray]> {
    return this.#entries
  }

  /** Whether the keys are 0, 1, 2 … in this order. */
  isList(): boolean {
    return [...this.#entries.keys()].every((key, place) => key === String(place))
  }
}

const LARGEST_INT = 2n ** 63n - 1n
const SMALLEST_INT = -(2n ** 63n)

function wholeNumber(key: string): bigint | undefined {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(key)) return undefined
  const number = BigInt(key)
  return number >= SMALLEST_INT && number <= LARGEST_INT ? number : undefined
}
