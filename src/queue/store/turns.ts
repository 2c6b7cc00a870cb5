/**
 * Keys that take turns: which ready rows come next where of each key some tasks may run at once.
 *
 * The keys of the own buckets are gone through in rounds (`round.ts`), each a page of the index of ready keys at a time
 * (`key-pages.ts`), so neither many keys nor many rows of one make a claim dearer. Of each key as many rows are chosen as it may have
 * more, the most urgent first; only what is left of a claim then goes to keys that are worked off so fast that more may wait in a
 * worker's hands. Rows without a key have no limit, and half of a claim where both are ready (`keyless.ts`).
 */
import type { Driver } from '../driver.ts'
import { byPause, type Choice, sample } from './choice.ts'
import { claimedElsewhere } from './key-limit.ts'
import { keyPages } from './key-pages.ts'
import { Keyless } from './keyless.ts'
import { FEW, type Head, headsOfIds, type LookRequest, shortLook } from './look.ts'
import { Picking, type ReadPages } from './picking.ts'
import type { QueuePauseRow } from './queue-pause.ts'
import { Round } from './round.ts'

/** How many tasks of each key a worker has and may have. */
export interface Hands {
  /** Claimed, and not ended. */
  has(key: string): number
  /** So many it may have, when nobody else has one of the key: some of them wait for others of them. */
  mayHave(key: string): number
  /** How many rows of one key it may want, if it gets so many in all. */
  depth(count: number): number
  /** So many of the key may run at once in this worker, because others have the rest. */
  onRoom(key: string, room: number): void
  /** More of the key is ready than it may have now. */
  onMore(key: string): void
  /** More may be ready than was looked at. */
  onUnseen(): void
}

/** Of whoever looks and takes nothing. */
export const EMPTY_HANDS: Hands = {
  has: () => 0,
  mayHave: () => 0,
  depth: () => 0,
  onRoom() {},
  onMore() {},
  onUnseen() {},
}

/** One worker's way through the keys, from claim to claim. */
export class Turns {
  readonly perKey: number
  readonly hands: Hands
  readonly round = new Round()
  readonly keyless = new Keyless()
  #favoursKeyless = false

  constructor(perKey: number, hands: Hands) {
    this.perKey = perKey
    this.hands = hands
  }

  /** Of so many, those that are for tasks without a key where both are ready. */
  shareOfKeyless(count: number): number {
    this.#favoursKeyless = !this.#favoursKeyless
    return this.#favoursKeyless ? Math.ceil(count / 2) : Math.floor(count / 2)
  }
}

export interface TurnRequest extends Omit<LookRequest, 'past' | 'paused'> {
  readonly turns: Turns
  readonly limit: number
  readonly pauses: readonly QueuePauseRow[]
  /** Keys of which nothing is wanted. */
  readonly avoid: ReadonlySet<string>
  readonly expectsFew?: boolean
  readonly onLooked?: (few: boolean) => void
}

/** @param spread  choose at random among so many times the rows asked for */
export async function chooseInTurn(db: Driver, request: TurnRequest, spread: number): Promise<Choice> {
  const { turns, limit, pauses } = request
  const most = limit * spread
  const all = request.expectsFew ? await shortLook(db, request, FEW) : undefined
  const keyless =
    all?.flatMap(({ id, shardKey }) => (shardKey === null ? id : [])) ?? (await turns.keyless.look(db, request, most))
  const read: ReadPages = all === undefined ? (past, size) => keyPages(db, request, past, size) : pagesOf(all)
  const elsewhere = await claimedElsewhere(db, request)
  const share = Math.min(keyless.length, turns.shareOfKeyless(most))
  const picked = new Picking(request, elsewhere, most - share)
  const isThrough = await picked.goOn(read)
  request.onLooked?.(all !== undefined || (isThrough && picked.seen + keyless.length <= FEW && keyless.length < most))
  if (!isThrough && picked.ids.length === 0) turns.hands.onUnseen()
  const ids = [...picked.ids, ...keyless.slice(0, most - picked.ids.length)]
  const chosen = sample(ids, limit)
  if (pauses.length === 0 || chosen.length === 0) return { chosen, early: [], paused: new Map() }
  return withoutPaused(all ?? (await headsOfIds(db, chosen)), chosen, pauses)
}

function withoutPaused(heads: readonly Head[], ids: readonly number[], pauses: readonly QueuePauseRow[]): Choice {
  const isPaused = ({ task, isLetGo }: Head) => !isLetGo && pauses.some(({ pause }) => pause.task === task)
  const aside = heads.filter((head) => ids.includes(head.id) && !head.early && isPaused(head))
  const chosen = ids.filter((id) => !aside.some((head) => head.id === id))
  return { chosen, early: [], paused: byPause(aside, pauses) }
}

/** Where all that is ready is known, its pages are made of that. */
function pagesOf(heads: readonly Head[]): ReadPages {
  const rows = heads.flatMap(({ id, bucket, shardKey }) => (shardKey === null ? [] : { id, bucket, key: shardKey }))
  const inOrder = rows.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) // of equals the order stays
  return async (past, size) =>
    [...past].flatMap(([bucket, last]) =>
      inOrder.filter((row) => row.bucket === bucket && (last === undefined || row.key > last)).slice(0, size),
    )
}
