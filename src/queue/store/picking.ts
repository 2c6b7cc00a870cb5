/**
 * Picking rows of keys in turn, until a claim is full or every key had its turn.
 */
import type { KeyedRow } from './key-pages.ts'
import { laneOf } from './lane.ts'
import type { TurnRequest } from './turns.ts'

/** By bucket, the key behind which its page begins; undefined for the first. */
export type ReadPages = (past: ReadonlyMap<number, string | undefined>, size: number) => Promise<readonly KeyedRow[]>

/** So many times pages are read in one claim at most: where that is not enough, the next one goes on there. */
const MOST_READS = 16
const SIZES = [8, 16, 32, 64, 128]

/** The rows of one key that stand side by side in a page. */
interface Share {
  readonly lane: string
  /** As it stands in the last of these rows. */
  readonly key: string
  readonly ids: readonly number[]
  /** The page ends with it: there may be more. */
  readonly isCut: boolean
}

export class Picking {
  readonly #request: TurnRequest
  readonly #elsewhere: ReadonlyMap<string, number>
  readonly #limit: number
  readonly #ids = new Set<number>()
  readonly #perLane = new Map<string, number>()
  /** What a key may have beyond what may run at once, by key. */
  readonly #spare = new Map<string, number[]>()
  #seen = 0

  /** @param elsewhere  by key, how many tasks others have */
  constructor(request: TurnRequest, elsewhere: ReadonlyMap<string, number>, limit: number) {
    this.#request = request
    this.#elsewhere = elsewhere
    this.#limit = limit
  }

  /** Those that come next, in turn. */
  get ids(): readonly number[] {
    return [...this.#ids]
  }

  /** How many rows it has seen. */
  get seen(): number {
    return this.#seen
  }

  /** @returns whether every key had a turn, so that nothing is left */
  async goOn(read: ReadPages): Promise<boolean> {
    const { turns, buckets } = this.#request
    const { round } = turns
    let isLast = round.isFresh
    for (let reads = 0; reads < MOST_READS && !this.#isFull; reads++) {
      const open = round.open(buckets)
      const size = this.#sizeFor(open.length)
      const rows = await read(new Map(open.map((bucket) => [bucket, round.last(bucket)])), size)
      this.#seen += rows.length
      this.#share(open, rows, size)
      if (round.open(buckets).length > 0) continue
      isLast ||= !round.hasServed
      round.begin()
      if (isLast) {
        this.#addSpare()
        return true
      }
      isLast = true
    }
    return false
  }

  get #isFull(): boolean {
    return this.#ids.size >= this.#limit
  }

  #sizeFor(buckets: number): number {
    const { perKey, hands } = this.#request.turns
    const wanted = Math.max(Math.ceil(this.#limit / Math.max(1, buckets)), perKey, hands.depth(this.#limit)) + 1
    return SIZES.find((size) => size >= wanted) ?? (SIZES.at(-1) as number)
  }

  /** One key of each bucket after the other. */
  #share(buckets: readonly number[], rows: readonly KeyedRow[], size: number): void {
    const { round } = this.#request.turns
    const byBucket = Map.groupBy(rows, ({ bucket }) => bucket)
    const pages = buckets.map((bucket) => sharesOf(byBucket.get(bucket) ?? [], size))
    const most = Math.max(0, ...pages.map(({ length }) => length))
    for (let place = 0; place < most; place++) {
      for (const [i, shares] of pages.entries()) {
        const share = shares[place]
        if (share === undefined) continue
        if (this.#isFull) return
        if (share.isCut && place > 0 && share.ids.length < this.#wanted(share.lane)) continue // the next page begins with it
        this.#give(share)
        round.had(buckets[i] as number, share.key)
      }
    }
    for (const [i, shares] of pages.entries()) if (!shares.at(-1)?.isCut) round.end(buckets[i] as number)
  }

  #give({ lane, ids, isCut }: Share): void {
    const { turns, avoid } = this.#request
    const { hands } = turns
    const fresh = ids.filter((id) => !this.#ids.has(id))
    const now = fresh.slice(0, Math.min(this.#wanted(lane), this.#limit - this.#ids.size))
    for (const id of now) this.#pick(lane, id)
    const rest = fresh.slice(now.length)
    const room = this.#room(lane)
    if (hands.has(lane) > 0) hands.onRoom(lane, Math.max(1, room)) // what we have was there when others took theirs
    if (room > 0 && (rest.length > 0 || isCut)) hands.onMore(lane)
    if (rest.length > 0 && room === turns.perKey && !avoid.has(lane)) this.#spare.set(lane, rest)
  }

  /** How many more of it may run at once. */
  #wanted(lane: string): number {
    return this.#request.avoid.has(lane) ? 0 : Math.max(0, this.#room(lane) - this.#inHand(lane))
  }

  /** How many of it others leave. */
  #room(lane: string): number {
    return this.#request.turns.perKey - (this.#elsewhere.get(lane) ?? 0)
  }

  #inHand(lane: string): number {
    return this.#request.turns.hands.has(lane) + (this.#perLane.get(lane) ?? 0)
  }

  /** One of each key after the other. */
  #addSpare(): void {
    const { hands } = this.#request.turns
    for (const [lane, ids] of this.#spare)
      ids.length = Math.min(ids.length, Math.max(0, hands.mayHave(lane) - this.#inHand(lane)))
    for (let place = 0; [...this.#spare.values()].some(({ length }) => length > place); place++) {
      for (const [lane, ids] of this.#spare) {
        if (this.#isFull) return
        const id = ids[place]
        if (id !== undefined) this.#pick(lane, id)
      }
    }
  }

  #pick(lane: string, id: number): void {
    this.#request.turns.round.hasServed = true
    this.#ids.add(id)
    this.#perLane.set(lane, (this.#perLane.get(lane) ?? 0) + 1)
  }
}

function sharesOf(rows: readonly KeyedRow[], size: number): Share[] {
  const shares: { lane: string; key: string; ids: number[]; isCut: boolean }[] = []
  for (const { id, key } of rows) {
    const last = shares.at(-1)
    if (last?.lane === laneOf(key)) {
      last.ids.push(id)
      last.key = key
    } else shares.push({ lane: laneOf(key), key, ids: [id], isCut: false })
  }
  const last = shares.at(-1)
  if (last !== undefined && rows.length >= size) last.isCut = true
  return shares
}
