/**
 * Flags that choose tasks: the same for whatever looks at many tasks or changes them.
 */
import { Complaint, EXIT } from '../../../exit.ts'
import { STATUS_NAMES, type StatusName } from '../../../queue/status.ts'
import type { Selection } from '../../../queue/store/selection.ts'
import { pastTimeFlag, wholeNumber } from '../../flags.ts'
import { TEXT } from '../../verb.ts'

export const FILTERS = {
  queue: { ...TEXT, describe: 'Of this queue; several with commas' },
  status: { ...TEXT, describe: `In this state: ${STATUS_NAMES.join(', ')}; several with commas` },
  task: { ...TEXT, describe: 'Of this task program; several with commas' },
  key: { ...TEXT, describe: 'With this shard_key' },
  param: { ...TEXT, describe: 'With this text in the parameter' },
  error: { ...TEXT, describe: 'With this text in the error' },
  since: { ...TEXT, describe: 'Added since: "2026-11-20 18:04", or how long ago: 2h' },
  until: { ...TEXT, describe: 'Added before' },
  'finished-since': { ...TEXT, describe: 'Finished since' },
  'finished-until': { ...TEXT, describe: 'Finished before' },
  'from-id': { ...TEXT, describe: 'From this id on' },
  'to-id': { ...TEXT, describe: 'Up to this id' },
} as const

export type FilterFlags = { readonly [Name in keyof typeof FILTERS]?: string | undefined }

/** Whether any of them was given. */
export function isFiltered(flags: FilterFlags): boolean {
  return Object.keys(FILTERS).some((name) => flags[name as keyof FilterFlags] !== undefined)
}

/**
 * @param now  UTC milliseconds by the database's clock: times are compared with what it wrote
 * @throws Complaint (usage) naming the flag that makes no sense
 */
export function readSelection(flags: FilterFlags, zone: string, now: number): Selection {
  const time = (flag: keyof FilterFlags) => pastTimeFlag(flag, flags[flag], zone, now)
  const id = (flag: keyof FilterFlags) => wholeNumber(flag, flags[flag], 1, Number.MAX_SAFE_INTEGER)
  const text = (flag: keyof FilterFlags) => textOf(flag, flags[flag])
  const selection = withoutMissing({
    queues: list('queue', flags.queue)?.map(queueName),
    states: list('status', flags.status)?.map(stateNamed),
    tasks: list('task', flags.task),
    key: flags.key,
    param: text('param'),
    error: text('error'),
    addedSince: time('since'),
    addedUntil: time('until'),
    finishedSince: time('finished-since'),
    finishedUntil: time('finished-until'),
    fromId: id('from-id'),
    toId: id('to-id'),
  })
  for (const [from, to] of PAIRS) requireOrder(flags, from, to, selection[FIELDS[from]], selection[FIELDS[to]])
  return selection
}

const PAIRS = [
  ['since', 'until'],
  ['finished-since', 'finished-until'],
  ['from-id', 'to-id'],
] as const

const FIELDS = {
  since: 'addedSince',
  until: 'addedUntil',
  'finished-since': 'finishedSince',
  'finished-until': 'finishedUntil',
  'from-id': 'fromId',
  'to-id': 'toId',
} as const

function requireOrder(
  flags: FilterFlags,
  from: keyof FilterFlags,
  to: keyof FilterFlags,
  first: number | undefined,
  last: number | undefined,
): void {
  if (first === undefined || last === undefined || first <= last) return
  throw new Complaint(
    EXIT.usage,
    `--${from} is ${flags[from]} and --${to} is ${flags[to]}: nothing is between them. Turn them round.`,
  )
}

/** MySQL refuses to compare any other text with the name of a queue. */
function queueName(word: string): string {
  if (/^[\x20-\x7e]+$/.test(word)) return word
  throw new Complaint(
    EXIT.usage,
    `--queue is "${word}". Names of queues have letters without accents, digits, ".", "_", "-".`,
  )
}

function textOf(flag: string, text: string | undefined): string | undefined {
  if (text === '') throw new Complaint(EXIT.usage, `--${flag} is empty. Give a part of the text, or leave it out.`)
  return text
}

function list(flag: string, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined
  const words = text.split(',').map((word) => word.trim())
  if (words.some((word) => word === ''))
    throw new Complaint(EXIT.usage, `--${flag} is "${text}". Separate names with commas.`)
  return words
}

function stateNamed(word: string): StatusName {
  const state = STATUS_NAMES.find((name) => name === word)
  if (state === undefined) throw new Complaint(EXIT.usage, `--status is "${word}". Use ${STATUS_NAMES.join(', ')}.`)
  return state
}

function withoutMissing<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
