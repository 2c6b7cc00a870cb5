/**
 * "Did you mean …?": the known name that a misspelled one is closest to.
 */

/** @returns the closest of `names`, or undefined when none is close enough to be what was meant */
export function nearestName(typed: string, names: Iterable<string>): string | undefined {
  const word = typed.toLowerCase()
  let nearest: string | undefined
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const name of names) {
    const edits = editsBetween(word, name.toLowerCase())
    if (edits < fewest) [nearest, fewest] = [name, edits]
  }
  return nearest
}

/** How many letters to add, drop, change or swap with their neighbour to make `a` into `b`. */
function editsBetween(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, k) => k)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let k = 1; k <= b.length; k++) {
      const changed = (last[k - 1] ?? 0) + (a[i - 1] === b[k - 1] ? 0 : 1)
      const swapped = a[i - 1] === b[k - 2] && a[i - 2] === b[k - 1] ? (beforeLast[k - 2] ?? Infinity) + 1 : Infinity
      row[k] = Math.min(changed, swapped, (last[k] ?? 0) + 1, (row[k - 1] ?? 0) + 1)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
