/**
 * What the journal tells of one message, whose records are looked for by the words that they must begin with.
 *
 * A worker of tiny programs does that hundreds of times a second, so it makes next to nothing that has to be collected as
 * garbage. Of a journal of which nothing is known, `journal.ts` reads all.
 */
import { childrenMs, isStart } from './journal.ts'

interface Claim {
  readonly id: number
  readonly attempt: number
  readonly claimToken: number
}

export interface MessageRecords {
  /** So many of its commands were begun, the first ones. */
  readonly begun: number
  /** So many have ended. */
  readonly ended: number
  /** `$?` of each that was begun; undefined of one whose end is not told. */
  readonly statuses: readonly (number | undefined)[]
  /** CPU time of all programs of the runner so far; 0 where that is not told. */
  readonly childrenMs: number
}

const STATUS = /^\d+$/

/**
 * @param text    of the journal, from where the records of the message begin
 * @param claims  of its commands, in their order
 */
export function readMessage(text: string, claims: readonly Claim[]): MessageRecords {
  const statuses: (number | undefined)[] = []
  let ended = 0
  let at = 0
  for (const claim of claims) {
    const words = `${claim.id} ${claim.attempt} ${claim.claimToken} `
    const end = lastOf(text, `\nE ${words}`, at)
    const status = end === -1 ? undefined : statusOf(lineAt(text, end + 1 + 'E '.length + words.length))
    if (status === undefined && !hasStart(text, `\nS ${words}`, at)) break
    statuses.push(status)
    if (status === undefined) continue
    ended++
    at = end
  }
  return { begun: statuses.length, ended, statuses, childrenMs: ended === 0 ? 0 : cpuBehind(text, at) }
}

/** An end that could not be written whole is written once more. */
function lastOf(text: string, words: string, from: number): number {
  let found = -1
  for (let next = text.indexOf(words, from); next !== -1; next = text.indexOf(words, next + 1)) found = next
  return found
}

function hasStart(text: string, words: string, from: number): boolean {
  const place = text.indexOf(words, from)
  return place !== -1 && isStart(lineAt(text, place + 1))
}

function lineAt(text: string, from: number): string {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.slice(from) : text.slice(from, end)
}

function statusOf(text: string): number | undefined {
  return STATUS.test(text) ? Number(text) : undefined
}

/** In the second line behind that end. */
function cpuBehind(text: string, end: number): number {
  const first = text.indexOf('\n', end + 1)
  const second = first === -1 ? -1 : text.indexOf('\n', first + 1)
  return second === -1 ? 0 : (childrenMs(lineAt(text, second + 1)) ?? 0)
}
