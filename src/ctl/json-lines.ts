/** JSON, one object a line: written, and read from bytes as they come, a line at a time. */
import { Complaint, EXIT } from '../exit.ts'

/** More than the longest task takes. */
const LONGEST_LINE = 4 * 1_048_576
const EXAMPLE = 'Write one object a line, such as {"task":"hello","param":"1"}.'

export interface JsonLine {
  /** From 1. */
  readonly number: number
  readonly bytes: number
  readonly value: Readonly<Record<string, unknown>>
}

/** Objects as text. */
export function jsonText(objects: readonly object[]): string {
  return objects.map((one) => `${JSON.stringify(one)}\n`).join('')
}

/**
 * The objects, without empty lines.
 *
 * @throws Complaint (bad data) that names the line
 */
export async function* jsonLines(input: AsyncIterable<Buffer>): AsyncGenerator<JsonLine> {
  for await (const lines of jsonLineGroups(input)) yield* lines
}

/** The same, those together that came together: going on to the next line costs more than reading it. */
export async function* jsonLineGroups(input: AsyncIterable<Buffer>): AsyncGenerator<readonly JsonLine[]> {
  let number = 0
  for await (const texts of linesOf(input)) {
    const lines: JsonLine[] = []
    try {
      for (const text of texts) {
        number++
        const value = ofLine(number, () => objectIn(text))
        if (value !== undefined) lines.push({ number, bytes: Buffer.byteLength(text ?? ''), value })
      }
    } catch (error) {
      yield lines
      throw error
    }
    yield lines
  }
}

/** What `action` complains about is said of that line. */
export function ofLine<T>(number: number, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof Complaint)) throw error
    throw new Complaint(error.exitCode, `Line ${number}: ${error.message}`, { cause: error })
  }
}

/** Lines end with a line feed and with nothing else: JSON may hold other separators as they are. */
async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  let parts: Buffer[] = []
  let length = 0
  for await (const chunk of input) {
    const end = chunk.lastIndexOf('\n') + 1
    if (end > 0) {
      yield linesIn(Buffer.concat([...parts, chunk.subarray(0, end - 1)]))
      parts = []
      length = 0
    }
    parts.push(chunk.subarray(end))
    length += chunk.length - end
    if (length > LONGEST_LINE) break
  }
  if (length > 0) yield linesIn(Buffer.concat(parts))
}

/** Text, or undefined for what is not UTF-8. */
type Line = string | undefined

/** All at once; only where something is not UTF-8 it is looked for line by line. */
function linesIn(bytes: Buffer): Line[] {
  const text = decoded(bytes)
  if (text !== undefined) return text.split('\n')
  const lines: Line[] = []
  for (let from = 0; from <= bytes.length; ) {
    const end = bytes.indexOf('\n', from)
    const to = end === -1 ? bytes.length : end
    lines.push(decoded(bytes.subarray(from, to)))
    from = to + 1
  }
  return lines
}

/** The mark of an order of bytes is left out only at the beginning of what is decoded, so that it is no matter of where lines end. */
function decoded(bytes: Buffer): Line {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function objectIn(line: Line): Readonly<Record<string, unknown>> | undefined {
  if (line === undefined)
    throw new Complaint(EXIT.badData, 'This is not UTF-8. Write JSON in UTF-8, one object a line.')
  if (Buffer.byteLength(line) > LONGEST_LINE)
    throw new Complaint(EXIT.badData, `This is longer than any task. ${EXAMPLE}`)
  const value = parsed(line)
  if (value === undefined) return undefined
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Complaint(EXIT.badData, `This is not a JSON object. ${EXAMPLE}`)
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // Blanks, and the mark that some programs write at the beginning of a file, are no part of it.
    const text = line.replace(/^\uFEFF/, '').trim()
    if (text === '') return undefined
    try {
      return JSON.parse(text)
    } catch {
      throw new Complaint(EXIT.badData, `This is not JSON. ${EXAMPLE}`)
    }
  }
}
