/**
 * A plot of one comparison: a bar for each side, as long as it is many times the rival, or as long as its value; what the rounds
 * were between as a whisker; and a line where the rival is.
 */
import { type Comparison, figure, ratioOf, sideOf } from '../comparison.ts'
import { type Spread, spread } from '../statistics.ts'
import {
  COLOURS,
  document,
  heading,
  line,
  MARGIN,
  rect,
  roundSteps,
  SIZE,
  text,
  WIDTH,
  widthOf,
  wrapped,
} from './svg.ts'

const BAR = 18
const GAP = 12
const LINE = SIZE + 2
const SHORTEST_LABEL = 60
const LONGEST_LABEL = 210
const CAP = 4

export function bars(comparison: Comparison, by: 'ratio' | 'value' = 'ratio'): string {
  const { title, unit, better, rival, sides } = comparison
  const rounds = sides[0]?.samples.length ?? 0
  const spreads = rounds === 1 ? 'one round' : `median of ${rounds} rounds, whiskers: lowest and highest`
  const rivalAt = by === 'ratio' ? 1 : spread(sideOf(comparison, rival).samples).median
  const dashed = by === 'ratio' ? `${rival} = 1 (dashed), ${unit}` : `${unit}, ${rival} dashed`
  const subtitle = `${dashed}, ${better} is better; ${spreads}`
  const { parts, bottom } = heading(title, subtitle)
  const rows = sides.map(({ name, ours, samples }) => ({
    ours: ours && (by === 'value' || name !== rival),
    value: by === 'ratio' ? ratioOf(comparison, name) : spread(samples),
    lines: wrapped(name, LONGEST_LABEL),
  }))
  const values = rows.map(({ value }) => valueText(value))
  const left =
    MARGIN + Math.max(SHORTEST_LABEL, ...rows.flatMap(({ lines }) => lines.map((words) => widthOf(words)))) + 10
  const right = WIDTH - MARGIN - Math.max(...values.map((words) => widthOf(words))) - 10
  const steps = roundSteps(Math.max(rivalAt * 1.05, ...rows.map(({ value }) => value.max).filter(Number.isFinite)))
  const x = (value: number) => left + (value / (steps.at(-1) ?? 1)) * (right - left)
  let y = bottom
  const drawn = rows.map((row, i) => {
    const height = Math.max(BAR, row.lines.length * LINE)
    const middle = y + height / 2
    y += height + GAP
    return bar(row, values[i] ?? '', middle, x)
  })
  const foot = y
  const grid = steps.flatMap((step) => [
    line(x(step), bottom - 6, x(step), foot, COLOURS.grid),
    text(x(step), foot + LINE, String(step), { size: 12, colour: COLOURS.quiet, anchor: 'middle' }),
  ])
  const at = line(
    x(rivalAt),
    bottom - 6,
    x(rivalAt),
    foot + 4,
    COLOURS.rival,
    ' stroke-width="1.5" stroke-dasharray="4 3"',
  )
  return document(Math.ceil(foot + LINE + 14), title, [...parts, ...grid, ...drawn.flat(), at])
}

interface Row {
  readonly ours: boolean
  readonly value: Spread
  readonly lines: readonly string[]
}

function bar({ ours, value, lines }: Row, words: string, middle: number, x: (value: number) => number): string[] {
  const top = middle - (lines.length * LINE) / 2 + SIZE - 1.5
  const colour = ours ? COLOURS.ours : COLOURS.other
  const named = [
    ...lines.map((one, i) => text(x(0) - 8, top + i * LINE, one, { anchor: 'end', bold: ours })),
    text(WIDTH - MARGIN, middle + SIZE / 2 - 2, words, { anchor: 'end', bold: ours }),
  ]
  const { median, min, max } = value
  if (![median, min, max].every(Number.isFinite)) return named
  return [
    ...named,
    rect(x(0), middle - BAR / 2, Math.max(1, x(median) - x(0)), BAR, colour),
    line(x(min), middle, x(max), middle, COLOURS.whisker),
    ...[min, max].map((end) => line(x(end), middle - CAP, x(end), middle + CAP, COLOURS.whisker)),
  ]
}

function valueText({ median, min, max }: Spread): string {
  return min === max ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`
}
