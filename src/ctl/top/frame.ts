/**
 * A frame of the board: from facts, and what a person has opened, to the lines of a window of a size. Pure.
 */
import { clockTime } from '../../time/time-text.ts'
import { plainLine } from '../display-width.ts'
import { wholeDuration } from '../number-text.ts'
import type { BoardState, Question } from './board-state.ts'
import type { BoardFacts } from './facts.ts'
import { keyLines } from './key-help.ts'
import { type Line, type Piece, spread, textLine } from './line.ts'
import { type Problem, problemsOf } from './problems.ts'
import { openLines } from './views.ts'

export interface FrameOptions {
  /** The database as a person knows it: `shop on db-1`. */
  readonly place: string
  /** Whose wall clock times are of. */
  readonly zone: string
  /** Since the facts were read. */
  readonly ageMs: number
  /** Why the database does not answer now. */
  readonly away?: string | undefined
}

export interface Size {
  readonly columns: number
  /** Undefined for as many as there is to say. */
  readonly rows: number | undefined
}

const NARROWEST = 60
const LOWEST = 15
/** Facts are as of now, to the eye. */
const FRESH_MS = 2_000
const LONGEST_TEXT = 1_000

export function frame(facts: BoardFacts, state: BoardState, options: FrameOptions, { columns, rows }: Size): Line[] {
  if (columns < NARROWEST || (rows !== undefined && rows < LOWEST)) {
    return [textLine(`The board needs ${NARROWEST} × ${LOWEST}.`, columns)]
  }
  const head = headLine(facts, options, columns)
  const height = rows === undefined ? Number.POSITIVE_INFINITY : rows - 2
  const problems = [...noAnswer(options), ...problemsOf(facts, options.zone)]
  const body = state.showsKeys ? keyLines(columns) : openLines(facts, state, problems, { width: columns, height })
  if (rows === undefined) return [head, ...body]
  const filler = Array.from({ length: Math.max(0, height - body.length) }, (): Line => [])
  return [head, ...body.slice(0, height), ...filler, footLine(state, columns)]
}

function headLine(facts: BoardFacts, { place, zone, ageMs, away }: FrameOptions, width: number): Line {
  const isFresh = away === undefined && ageMs < FRESH_MS
  const freshness: Piece = isFresh ? { text: 'fresh' } : { text: `${wholeDuration(ageMs)} old`, style: 'yellow' }
  const right = [{ text: `${clockTime(zone, facts.now)}  ` }, freshness]
  return spread(
    [{ text: 'queuectl top', style: 'bold' }, { text: `  ${plainLine(place, LONGEST_TEXT)}` }],
    right,
    width,
  )
}

function noAnswer({ away, ageMs }: FrameOptions): Problem[] {
  if (away === undefined) return []
  const text = `${plainLine(away, LONGEST_TEXT)} What is shown is ${wholeDuration(ageMs)} old.`
  return [{ kind: 'no-answer', text }]
}

function footLine({ asking, said, open, intervalMs, showsKeys }: BoardState, width: number): Line {
  if (asking !== undefined) return textLine(questionText(asking), width, ['bold', 'yellow'])
  if (said !== undefined) return textLine(` ${plainLine(said, LONGEST_TEXT)}`, width, 'bold')
  const keys = showsKeys
    ? 'any key: back to the board'
    : open.length > 1
      ? 'Esc back  ↑↓ mark  Enter open  p pause  ? keys  q leave'
      : '↑↓ mark  Enter open  p pause  ? keys  q leave'
  return spread(
    [{ text: ` ${keys}`, style: 'dim' }],
    [{ text: `every ${wholeInterval(intervalMs)}`, style: 'dim' }],
    width,
  )
}

function questionText({ act, queue }: Question): string {
  const name = plainLine(queue, LONGEST_TEXT)
  return act === 'pause'
    ? ` Pause queue ${name} (y/n)? Nothing more of it is started; what runs goes on.`
    : ` Resume queue ${name} (y/n)?`
}

function wholeInterval(ms: number): string {
  return ms < 1_000 ? `${ms}ms` : wholeDuration(ms)
}
