/**
 * What an operator's verbs are for and what they write, as SQL.
 *
 * A person's word goes before a pause's: what a pause has set aside can be held for good or let go. A move has the last word about
 * what may be in another database already. Who held a task is forgotten with every change.
 */
import type { Dialect, Value } from '../driver.ts'
import { HELD_FOR_MOVE } from './move-out.ts'
import { type Conditions, NOTHING } from './selection.ts'
import { HELD_FOR_PAUSE, LET_GO } from './set-aside.ts'

export type Verb = 'cancel' | 'hold' | 'release' | 'retry'

/** One verb as SQL. */
export interface Rule {
  /** The rows that it changes. */
  readonly isFor: string
  /** Of the placeholders in `isFor`. */
  readonly values: readonly Value[]
  /** The rows that are as asked already. */
  readonly isSo: string
  /** The state that it leads to. */
  readonly becomes: string
  /** What else it writes; every expression sees the row as it was. */
  readonly writes: readonly string[]
  /** Who holds it afterwards. */
  readonly heldFor: string
}

export interface RuleOptions {
  /** Change only those of the rows for which this holds at that moment, too. */
  readonly only?: Conditions
  /** Retry also what has expired: its `expires_at` is cleared. */
  readonly dropExpiry?: boolean
}

export function ruleFor(verb: Verb, dialect: Dialect, { only = NOTHING, dropExpiry = false }: RuleOptions): Rule {
  const rule = RULES[verb](dialect, dropExpiry)
  return { heldFor: 'NULL', ...rule, isFor: `(${rule.isFor}${only.sql})`, values: only.values }
}

const IS_WAITING = 'status IN (0, 4)'
const IS_SET_ASIDE = `held_for = '${HELD_FOR_PAUSE}'`
/** What is held for a move to another database may be there already: to let it go here would run it twice. */
export const IS_MOVING = `(status = 6 AND held_for IS NOT NULL AND held_for LIKE '${HELD_FOR_MOVE}%')`

type Core = Omit<Rule, 'values' | 'heldFor'> & Partial<Rule>

const RULES: Readonly<Record<Verb, (dialect: Dialect, dropExpiry: boolean) => Core>> = {
  cancel: ({ now }) => ({
    isFor: `(${IS_WAITING} OR (status = 6 AND NOT ${IS_MOVING}) OR (status = 2 AND cancel_at IS NULL))`,
    isSo: '(status = 5 OR (status = 2 AND cancel_at IS NOT NULL))',
    becomes: 'CASE WHEN status = 2 THEN 2 ELSE 5 END',
    writes: [
      `cancel_at = ${now}`,
      `finished_at = CASE WHEN status = 2 THEN finished_at ELSE ${now} END`,
      'unique_key = CASE WHEN status = 2 OR keep_unique = 1 THEN unique_key ELSE NULL END',
    ],
  }),

  // What a pause has set aside stays held when the pause is over, once a person holds it.
  hold: () => ({
    isFor: `(${IS_WAITING} OR (status = 6 AND ${IS_SET_ASIDE}))`,
    isSo: `(status = 6 AND (held_for IS NULL OR NOT ${IS_SET_ASIDE}))`,
    becomes: '6',
    writes: [],
  }),

  release: ({ now }) => ({
    isFor: `(status = 6 AND NOT ${IS_MOVING})`,
    isSo: IS_WAITING,
    becomes: `CASE WHEN run_at > ${now} THEN 4 ELSE 0 END`,
    writes: [],
    heldFor: `CASE WHEN ${IS_SET_ASIDE} THEN '${LET_GO}' ELSE NULL END`,
  }),

  // Of what waits only the time changes: its next attempt comes now. What is finished begins anew.
  retry: ({ now }, dropExpiry) => {
    const isFor = `(status IN (1, 3, 4, 5) OR (status = 0 AND run_at > ${now}))`
    const anew = (column: string, value: string) =>
      `${column} = CASE WHEN ${IS_WAITING} THEN ${column} ELSE ${value} END`
    const emptied = ['exit_code', 'exit_signal', 'error', 'started_at', 'finished_at', 'claim_token', 'worker_id']
    return {
      isFor: dropExpiry ? isFor : `(${isFor} AND (expires_at IS NULL OR expires_at > ${now}))`,
      isSo: `(status = 0 AND run_at <= ${now})`,
      becomes: '0',
      writes: [
        `run_at = ${now}`,
        `expires_at = CASE WHEN expires_at <= ${now} THEN NULL ELSE expires_at END`,
        'cancel_at = NULL',
        ...['attempts', 'crashes'].map((column) => anew(column, '0')),
        ...emptied.map((column) => anew(column, 'NULL')),
      ],
    }
  },
}
