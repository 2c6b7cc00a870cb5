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
  let number = 0
  for await (const line of linesOf(input)) {
    number++
    const value = ofLine(number, () => objectIn(line))
    if (value !== undefined) yield { number, bytes: line.length, value }
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
async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let length = 0
  for await (const chunk of input) {
    let from = 0
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', from)) {
      yield Buffer.concat([...parts, chunk.subarray(from, end)])
      parts = []
      length = 0
      from = end + 1
    }
    parts.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > LONGEST_LINE) {
      yield Buffer.concat(parts)
      return
    }
  }
  if (length > 0) yield Buffer.concat(parts)
}

function objectIn(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (line.length > LONGEST_LINE) throw new Complaint(EXIT.badData, `This is longer than any task. ${EXAMPLE}`)
  const value = parsed(line)
  if (value === undefined) return undefined
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Complaint(EXIT.badData, `This is not a JSON object. ${EXAMPLE}`)
}

function parsed(line: Buffer): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(line)
  } catch {
    throw new Complaint(EXIT.badData, 'This is not UTF-8. Write JSON in UTF-8, one object a line.')
  }
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new Complaint(EXIT.badData, `This is not JSON. ${EXAMPLE}`)
  }
}
