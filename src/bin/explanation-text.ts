/**
 * An explanation as text: the sentence, then the facts with their labels. On a terminal its lines are broken between words, and the
 * sentence stands out; what goes into a pipe has one line for each.
 */
import { styleText } from 'node:util'
import { widthOf } from '../ctl/display-width.ts'

export interface ExplanationParts {
  readonly sentence: string
  readonly facts: readonly (readonly [label: string, value: string])[]
}

const LABEL_WIDTH = 16
const INDENT = 2
/** Some terminals say that they have 0 columns. */
const USUAL_WIDTH = 80
/** Narrower than this a column of values helps nobody. */
const LEAST_WIDTH = 20
const QUOTED = /"[^"]*"/g
/** No text of ours has it, and `readableLine` leaves none in those of others. */
const GLUE = '\0'

export function explanationText({ sentence, facts }: ExplanationParts, stream: NodeJS.WriteStream): string {
  const width = widthFor(stream)
  const indent = INDENT + LABEL_WIDTH
  const lines = facts.flatMap(([label, value]) =>
    broken(value, Math.max(LEAST_WIDTH, width - indent)).map(
      (line, i) => `${' '.repeat(INDENT)}${(i === 0 ? label : '').padEnd(LABEL_WIDTH - 1)} ${line}`,
    ),
  )
  const first = broken(sentence, width).map((line) => styleText('bold', line, { stream }))
  return [...first, ...lines].map((line) => `${line}\n`).join('')
}

/** A text of its own, in the same way. */
export function paragraph(text: string, stream: NodeJS.WriteStream): string {
  return broken(text, widthFor(stream))
    .map((line) => `${line}\n`)
    .join('')
}

/** Breaks a text that stands behind a label of so many columns. */
export function folding(stream: NodeJS.WriteStream): (text: string, indent: number) => string {
  const width = widthFor(stream)
  return (text, indent) => broken(text, Math.max(LEAST_WIDTH, width - indent)).join(`\n${' '.repeat(indent)}`)
}

function widthFor({ isTTY, columns }: NodeJS.WriteStream): number {
  return isTTY ? columns || USUAL_WIDTH : Number.POSITIVE_INFINITY
}

/** A word that is too long, such as a path, stays whole, and so does a command in quotes: somebody may want to copy it. */
function broken(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  const words = text.replace(QUOTED, (quoted) => quoted.replaceAll(' ', GLUE)).split(' ')
  for (const glued of words) {
    const word = glued.replaceAll(GLUE, ' ')
    const longer = line === '' ? word : `${line} ${word}`
    if (line === '' || widthOf(longer) <= width) line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}
