/**
 * What became of many tasks, in numbers alone: however many there are, nothing is kept of them but the first few.
 *
 *     1,204 ready again, 3 not: 2 have expired (--drop-expiry runs what has expired); 1 is done
 */

import { amount, grouped } from '../../amount.ts'
import type { Change, Present } from '../../queue/store/change.ts'
import { type ChangeVerb, reasonOf, withHint } from './change-verb.ts'

/** So many are shown before a person decides. */
const FIRST = 5

export class ChangeTally {
  /** Changed, or to be changed. */
  changed = 0
  /** Ids of the first that were. */
  readonly first: number[] = []
  readonly #verb: ChangeVerb
  readonly #done = new Map<string, number>()
  readonly #not = new Map<string, { readonly now: Present; count: number }>()
  #keyed: Present | undefined

  constructor(verb: ChangeVerb) {
    this.#verb = verb
  }

  add(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === 'missing') continue // its row was deleted meanwhile
      if (change.kind === 'changed') this.#addChanged(change.id, change.now)
      else this.#addOther(change.now)
    }
  }

  /** Nothing was found that the verb could be for. */
  get isEmpty(): boolean {
    return this.changed === 0 && this.#not.size === 0
  }

  /** `1,204 ready again, 3 not: …`, and what follows from it. */
  lines(): string[] {
    const note = this.#keyed === undefined ? undefined : this.#verb.note?.([this.#keyed])
    return [[...this.#doneTexts(), ...this.#notText()].join(', '), ...(note === undefined ? [] : [note])]
  }

  #addChanged(id: number, now: Present): void {
    this.changed++
    if (this.first.length < FIRST) this.first.push(id)
    const word = this.#verb.done(now)
    this.#done.set(word, (this.#done.get(word) ?? 0) + 1)
    if (now.shardKey !== null) this.#keyed ??= now
  }

  #addOther(now: Present): void {
    const { one } = reasonOf(now, this.#verb)
    const known = this.#not.get(one)
    if (known === undefined) this.#not.set(one, { now, count: 1 })
    else known.count++
  }

  #doneTexts(): string[] {
    return [...this.#done].map(([word, count]) => `${grouped(count)} ${word}`)
  }

  #notText(): string[] {
    if (this.#not.size === 0) return []
    let all = 0
    const clauses = [...this.#not.values()].map(({ now, count }) => {
      all += count
      const { one, many } = reasonOf(now, this.#verb)
      return withHint(`${grouped(count)} ${count === 1 ? one : many}`, now, this.#verb)
    })
    return [`${grouped(all)} not: ${clauses.join('; ')}`]
  }
}

/** `Retry 1,204 tasks?`; of a count that was broken off, `Retry 12,250 tasks or more?` */
export function questionOf({ verb }: ChangeVerb, count: number, isAll: boolean): string {
  return `${verb[0]?.toUpperCase()}${verb.slice(1)} ${amount(count, 'task')}${isAll ? '' : ' or more'}?`
}
