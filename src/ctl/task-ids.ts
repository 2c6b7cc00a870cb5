/**
 * The ids that a person names: `17`, or `100-120` for the tasks that there are between the two.
 *
 * The ids of a table have gaps, and a cluster leaves most of them out, so an id of a range that has no row is not missed.
 * An id that was named by itself is.
 */
import { Complaint, EXIT } from '../exit.ts'

export interface TaskIds {
  /** Ascending, each once. */
  readonly all: readonly number[]
  readonly named: ReadonlySet<number>
  readonly ranges: readonly IdRange[]
}

export interface IdRange {
  readonly from: number
  readonly to: number
}

/** As many as one command takes: they are kept in memory, and told one by one with --json. */
export const MOST_IDS = 100_000

/** @throws Complaint (usage) naming what is no id, or a range that is turned round or too long */
export function parseTaskIds(words: readonly string[]): TaskIds {
  const named = new Set<number>()
  const ranges: IdRange[] = []
  for (const word of words) {
    const range = parseWord(word)
    if (range.from === range.to) named.add(range.from)
    else ranges.push(range)
  }
  const count = named.size + ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  if (count > MOST_IDS)
    throw new Complaint(EXIT.usage, `These are ${count} ids. Give at most ${MOST_IDS} at once, in several commands.`)
  const all = new Set(named)
  for (const { from, to } of ranges) for (let id = from; id <= to; id++) all.add(id)
  return { all: [...all].toSorted((a, b) => a - b), named, ranges }
}

/** @throws Complaint (usage) when `word` is not one id */
export function parseTaskId(word: string): number {
  return parseOne(word, word, 'Use a whole number such as 17.')
}

/** `100-120`, as a sentence names it. */
export function rangeText({ from, to }: IdRange): string {
  return from === to ? `${from}` : `${from}-${to}`
}

/** The ids in as few words as possible: `17, 20-22`; at most `most` of them, and how many more there are. */
export function idsText(ids: readonly number[], most = 10): string {
  const ranges: { from: number; to: number }[] = []
  for (const id of ids) {
    const last = ranges.at(-1)
    if (last !== undefined && id === last.to + 1) last.to = id
    else ranges.push({ from: id, to: id })
  }
  const shown = ranges.slice(0, most)
  const left = ids.length - shown.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  return `${shown.map(rangeText).join(', ')}${left > 0 ? ` and ${left} more` : ''}`
}

const IDS = 'Use whole numbers such as 17, or ranges such as 100-120.'

function parseWord(word: string): IdRange {
  const [, first = word, last = word] = /^(\d+)-(\d+)$/.exec(word) ?? []
  const range = { from: parseOne(first, word, IDS), to: parseOne(last, word, IDS) }
  if (range.from > range.to)
    throw new Complaint(EXIT.usage, `"${word}" is turned round. Write the lower id first: ${range.to}-${range.from}.`)
  return range
}

function parseOne(text: string, word: string, instead: string): number {
  const id = /^\d{1,16}$/.test(text) ? Number(text) : 0
  if (id < 1 || !Number.isSafeInteger(id)) throw new Complaint(EXIT.usage, `"${word}" is no task id. ${instead}`)
  return id
}
