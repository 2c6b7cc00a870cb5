/**
 * Reads `when` and `except`: the words of `when.ts`, the same data written as JSON, or a plain cron text.
 */
import { partsOf } from '../calendar/when-parts.ts'
import { bad, DEFAULT_AFTER_MS, isRecord, isTextList, readObject, readWithin, unknownName } from './option-values.ts'
import type { PlannedJob } from './plan.ts'
import { showValue } from './show-value.ts'
import type { When } from './when.ts'

export type SaidWhen = Pick<PlannedJob, 'when' | 'after' | 'always'>

type Fields = Readonly<Record<string, unknown>>

const EXAMPLES = "Write cron('*/5 * * * *'), every('5m') or daily('02:30')."

/** What a word may have besides its kind. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  cron: ['text', 'days'],
  every: ['interval', 'from'],
  hourly: ['minutes'],
  daily: ['times'],
  weekdays: ['times'],
  weekly: ['days', 'times'],
  monthly: ['days', 'times'],
  once: ['time'],
}

export function readWhens(value: unknown): SaidWhen {
  const said: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (said.length === 0) throw bad("when is an empty list. Say when the job is due, for instance every('5m').")
  const when: When[] = []
  let after: SaidWhen['after']
  let always = false
  for (const word of said) {
    if (isRecord(word) && word.kind === 'always') always = true
    else if (isRecord(word) && word.kind === 'after') {
      if (after !== undefined) throw bad('when has after() twice. A job comes after one other; make a chain of them.')
      after = readAfter(word)
    } else when.push(readWhen(word, 'when'))
  }
  if (always && said.length > 1)
    throw bad('when has always() and other words. A job that is always due needs no other.')
  return { when, always, ...(after === undefined ? {} : { after }) }
}

export function readExcept(value: unknown): readonly When[] {
  const said: readonly unknown[] = Array.isArray(value) ? value : [value]
  return said.map((word) => {
    if (isRecord(word) && (word.kind === 'after' || word.kind === 'always')) {
      throw bad(`except has ${word.kind}(), which names no minutes. Use a word such as daily() or cron().`)
    }
    return readWhen(word, 'except')
  })
}

/** @throws Complaint (bad configuration), one sentence */
export function readWhen(value: unknown, option: string): When {
  const when = wordOf(value, option)
  partsOf(when)
  return when
}

function readAfter(word: Fields): NonNullable<SaidWhen['after']> {
  const { job, within } = readObject(word, 'after()', ['kind', 'job', 'within'], '')
  if (typeof job !== 'string') throw bad(`after() names ${showValue(job)}. Give the id of another job.`)
  return { job, withinMs: within === undefined ? DEFAULT_AFTER_MS : readWithin(within, 'after().within') }
}

/** Checks the shape; what the texts say is judged when the word is compiled. */
function wordOf(value: unknown, option: string): When {
  if (typeof value === 'string') return Object.freeze({ kind: 'cron', text: value })
  const { kind, ...fields }: Record<string, unknown> = Object(value)
  const known = typeof kind === 'string' && Object.hasOwn(FIELDS, kind) ? FIELDS[kind] : undefined
  if (known !== undefined) {
    const unknown = Object.keys(fields).find((field) => !known.includes(field))
    if (unknown !== undefined) throw bad(unknownName(unknown, known, `${kind}() has no option ${showValue(unknown)}`))
  }
  const word = known === undefined ? undefined : shaped(String(kind), fields)
  if (word !== undefined) return Object.freeze(word)
  throw bad(`${option} is ${showValue(value)}. ${EXAMPLES}`)
}

function shaped(kind: string, fields: Fields): When | undefined {
  const { text, days, interval, from, time } = fields
  const times = textsOf(fields.times)
  switch (kind) {
    case 'cron':
      if (typeof text !== 'string' || (days !== undefined && days !== 'and')) return undefined
      return { kind, text, ...(days === undefined ? {} : { days }) }
    case 'every':
      if (typeof interval !== 'string' || (from !== undefined && typeof from !== 'string')) return undefined
      return { kind, interval, ...(from === undefined ? {} : { from }) }
    case 'hourly': {
      const minutes = listOf(fields.minutes)
      return minutes.every((minute) => typeof minute === 'number') ? { kind, minutes } : undefined
    }
    case 'daily':
    case 'weekdays':
      return times === undefined ? undefined : { kind, times }
    case 'weekly': {
      const weekdays = textsOf(days)
      return times === undefined || weekdays === undefined ? undefined : { kind, days: weekdays, times }
    }
    case 'monthly': {
      const of = listOf(days)
      const isRight = times !== undefined && of.every((day) => typeof day === 'number' || typeof day === 'string')
      return isRight ? { kind, days: of, times } : undefined
    }
    case 'once':
      return typeof time === 'string' ? { kind, time } : undefined
    default:
      return undefined
  }
}

function textsOf(value: unknown): readonly string[] | undefined {
  const list = listOf(value)
  return isTextList(list) ? Object.freeze(list) : undefined
}

/** A copy: what the file does with its list later changes nothing. */
function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? [...value] : [value]
}
