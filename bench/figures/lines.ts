/**
 * A plot of how something grows: values over sizes, both on scales on which ten times as much is always as far.
 */
import { figure } from '../comparison.ts'
import type { Spread } from '../statistics.ts'
import { COLOURS, document, heading, line, MARGIN, rect, SERIES, SIZE, text, WIDTH, widthOf } from './svg.ts'

export interface Series {
  readonly name: string
  readonly points: readonly { readonly size: number; readonly value: Spread }[]
}

export interface Growth {
  readonly title: string
  readonly subtitle: string
  /** Of the values. */
  readonly unit: string
  /** What there is ever more of: `rows`. */
  readonly sizes: string
  readonly series: readonly Series[]
}

const HEIGHT = 240
const LEFT = 74
const LINE = SIZE + 6
const CAP = 4

export function lines({ title, subtitle, unit, sizes, series }: Growth): string {
  const { parts, bottom } = heading(title, subtitle)
  const keys = legend(series, bottom)
  const top = keys.bottom + 16
  const foot = top + HEIGHT
  const right = WIDTH - MARGIN - 30
  const points = series.flatMap((one) => one.points)
  const xs = [...new Set(points.map(({ size }) => size))].toSorted((a, b) => a - b)
  const ys = decades(points.map(({ value }) => value))
  const x = scale([xs[0] ?? 1, xs.at(-1) ?? 1], [LEFT + 20, right])
  const y = scale([ys[0] ?? 1, ys.at(-1) ?? 1], [foot, top])
  const grid = [
    ...ys.flatMap((value) => [
      line(LEFT, y(value), right + 10, y(value), COLOURS.grid),
      text(LEFT - 8, y(value) + 4, `${Number(value.toPrecision(2))} ${unit}`, { ...SMALL, anchor: 'end' }),
    ]),
    ...xs.flatMap((size) => [
      line(x(size), foot, x(size), foot + 4, COLOURS.quiet),
      text(x(size), foot + LINE, short(size), { ...SMALL, anchor: 'middle' }),
    ]),
    line(LEFT, foot, right + 10, foot, COLOURS.quiet),
    text((LEFT + right) / 2, foot + 2 * LINE, sizes, { ...SMALL, anchor: 'middle' }),
  ]
  const drawn = series.flatMap((one, i) => curve(one, colourOf(i), x, y))
  return document(Math.ceil(foot + 2 * LINE + 12), title, [...parts, ...keys.parts, ...grid, ...drawn])
}

const SMALL = { size: 12, colour: COLOURS.quiet }

function colourOf(i: number): string {
  return SERIES[i % SERIES.length] ?? COLOURS.ours
}

/** A colour and a name each, over as many lines as they need. */
function legend(series: readonly Series[], from: number): { parts: string[]; bottom: number } {
  const parts: string[] = []
  let at = MARGIN
  let y = from + SIZE
  for (const [i, { name }] of series.entries()) {
    const width = 20 + widthOf(name) + 16
    if (at > MARGIN && at + width > WIDTH - MARGIN) {
      at = MARGIN
      y += LINE
    }
    parts.push(rect(at, y - 9, 12, 10, colourOf(i)), text(at + 18, y, name))
    at += width
  }
  return { parts, bottom: y }
}

function curve(
  { points }: Series,
  colour: string,
  x: (size: number) => number,
  y: (value: number) => number,
): string[] {
  const path = points.map(({ size, value }) => `${x(size).toFixed(1)},${y(value.median).toFixed(1)}`).join(' ')
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.flatMap(({ size, value }) => [
      `<circle cx="${x(size).toFixed(1)}" cy="${y(value.median).toFixed(1)}" r="3.5" fill="${colour}"><title>${figure(value.median)}</title></circle>`,
      line(x(size), y(value.min), x(size), y(value.max), colour),
      ...[value.min, value.max].map((end) => line(x(size) - CAP, y(end), x(size) + CAP, y(end), colour)),
    ]),
  ]
}

/** 1, 2, 5, 10, 20, … around all of them. */
function decades(values: readonly Spread[]): number[] {
  const min = Math.min(...values.map((value) => value.min))
  const max = Math.max(...values.map((value) => value.max))
  const powers = Array.from({ length: 16 }, (_, i) => 10 ** (i - 6))
  const steps = powers.flatMap((power) => [1, 2, 5].map((step) => step * power))
  const from = steps.findLastIndex((step) => step <= min)
  const to = steps.findIndex((step) => step >= max)
  const around = steps.slice(from, to + 1)
  return around.length <= 9 ? around : powers.filter((power) => power >= (around[0] ?? 0) / 10 && power <= max * 10)
}

function scale([from, to]: readonly [number, number], [start, end]: readonly [number, number]) {
  const span = Math.log(to / from) || 1
  return (value: number) => start + (Math.log(value / from) / span) * (end - start)
}

/** 10,000,000 is 10 M. */
function short(size: number): string {
  if (size >= 1_000_000) return `${size / 1_000_000} M`
  return size >= 1_000 ? `${size / 1_000} k` : String(size)
}
