/**
 * Which lines of several sections are shown where there is not room for all: every section gets a few, what is left goes to those
 * that want more by their weight, and what is not shown is counted.
 */
import type { Line } from './line.ts'
import type { Section } from './sections.ts'

/** A title, a row, and how many others there are. */
const LEAST = 3

/** @returns at most `height` lines, with an empty one between sections where all have room */
export function fill(sections: readonly Section[], height: number): Line[] {
  const wants = sections.map(({ title, rows }) => rows.length + (title.length > 0 ? 1 : 0))
  const all = wants.reduce((sum, want) => sum + want, 0)
  const isRoomy = all + sections.length - 1 <= height
  const given = isRoomy ? wants : shared(sections, wants, height)
  const shown = sections.map((section, i) => linesOf(section, given[i] ?? 0))
  return shown.flatMap((lines, i) => (isRoomy && i > 0 ? [[], ...lines] : lines)).slice(0, height)
}

function shared(sections: readonly Section[], wants: readonly number[], height: number): number[] {
  const given = wants.map((want) => Math.min(want, LEAST))
  for (let left = height - given.reduce((sum, one) => sum + one, 0); left > 0; left--) {
    const next = poorest(sections, wants, given)
    if (next === undefined) break
    given[next] = (given[next] ?? 0) + 1
  }
  return given
}

/** The section that wants more and has the least for its weight. */
function poorest(sections: readonly Section[], wants: readonly number[], given: readonly number[]): number | undefined {
  let found: number | undefined
  const wealth = (i: number) => (given[i] ?? 0) / (sections[i]?.weight ?? 1)
  for (let i = 0; i < sections.length; i++) {
    if ((given[i] ?? 0) < (wants[i] ?? 0) && (found === undefined || wealth(i) < wealth(found))) found = i
  }
  return found
}

function linesOf({ title, rows, marked = 0 }: Section, height: number): Line[] {
  const head = title.length > 0 ? [title] : []
  const room = height - head.length
  if (rows.length <= room) return [...head, ...rows]
  const shown = Math.max(0, room - 1)
  const start = Math.min(Math.max(0, marked - Math.floor(shown / 2)), rows.length - shown)
  const others: Line = [{ text: `  … ${hidden(rows.length - shown, start)}`, style: 'dim' }]
  return [...head, ...rows.slice(start, start + shown), ...(room > 0 ? [others] : [])]
}

function hidden(count: number, above: number): string {
  if (above === 0) return `and ${count} more`
  return `${count} more, ${above} of them above`
}
