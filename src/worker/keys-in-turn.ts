/**
 * The tasks that are claimed and not started yet, where keys take turns.
 *
 * Of each key so many tasks run at once, and the key that was not started for the longest time is next. What ends unfinished is in
 * nobody's way. Tasks without a key have every other turn. Of a key whose tasks are over quickly more are held than may run, so
 * that none of its turns waits for the database; of a slow one nothing is held back from others.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { laneOf, type Unfinished } from '../queue/store/lane.ts'
import { type Hands, Turns } from '../queue/store/turns.ts'

interface Key {
  readonly waiting: ClaimedTask[]
  running: number
  /** So many of it may run at once here; others have the rest. */
  room: number
  /** More of it was ready than was claimed. */
  hasMore: boolean
}

/** Of a quick key so much is held as lasts so long, but not more tasks than this for each that may run. */
const AHEAD_MS = 250
const MOST_AHEAD = 32
/** Of so many keys it is remembered how long their tasks take. */
const REMEMBERED = 2_000

export class KeysInTurn implements Hands {
  readonly #perKey: number
  /** The way through the keys that are ready. */
  readonly turns: Turns
  readonly #keyless: ClaimedTask[] = []
  /** Those with a task in our hands; the one that was started last stands last. */
  readonly #keys = new Map<string, Key>()
  /** By key, how long its tasks took of late, in milliseconds; the one that ended last stands last. */
  readonly #took = new Map<string, number>()
  readonly #startedAt = new Map<ClaimedTask, number>()
  #keylessIsNext = false
  #wantsMore = false

  constructor(perKey: number) {
    this.#perKey = perKey
    this.turns = new Turns(perKey, this)
  }

  get tasks(): readonly ClaimedTask[] {
    return [...this.#keyless, ...[...this.#keys.values()].flatMap(({ waiting }) => waiting)]
  }

  get count(): number {
    let count = this.#keyless.length
    for (const { waiting } of this.#keys.values()) count += waiting.length
    return count
  }

  get canStart(): boolean {
    return this.#keyless.length > 0 || this.#nextKey() !== undefined
  }

  /** No key keeps others from being claimed. */
  get busy(): ReadonlySet<string> {
    return new Set()
  }

  /** Of a key that had more ready so few are left that more may be claimed, or not all keys were looked at. */
  get wantsMore(): boolean {
    return this.#wantsMore
  }

  /** What is unfinished is in nobody's way. */
  look(): Unfinished {
    for (const key of this.#keys.values()) key.hasMore = false
    this.#wantsMore = false
    return new Map()
  }

  /** @returns those that are not accepted: none */
  add(tasks: readonly ClaimedTask[]): ClaimedTask[] {
    for (const task of tasks) {
      if (task.shardKey === null) this.#keyless.push(task)
      else this.#keyOf(laneOf(task.shardKey)).waiting.push(task)
    }
    this.#forgetIdle()
    for (const [name, key] of this.#keys) this.#wishMore(name, key) // some may have ended since the look
    return []
  }

  take(): ClaimedTask | undefined {
    const name = this.#keylessIsNext && this.#keyless.length > 0 ? undefined : this.#nextKey()
    this.#keylessIsNext = name !== undefined
    const key = name === undefined ? undefined : this.#keys.get(name)
    if (name === undefined || key === undefined) return this.#keyless.shift()
    const task = key.waiting.shift() as ClaimedTask
    key.running++
    this.#keys.delete(name)
    this.#keys.set(name, key)
    this.#startedAt.set(task, performance.now())
    return task
  }

  putBack(task: ClaimedTask): void {
    this.#startedAt.delete(task)
    if (task.shardKey === null) {
      this.#keyless.unshift(task)
      return
    }
    const key = this.#keyOf(laneOf(task.shardKey))
    key.running--
    key.waiting.unshift(task)
  }

  /** @returns what must be given back: nothing */
  ended(task: ClaimedTask): ClaimedTask[] {
    if (task.shardKey === null) return []
    const name = laneOf(task.shardKey)
    const key = this.#keyOf(name)
    key.running--
    this.#note(name, performance.now() - (this.#startedAt.get(task) ?? performance.now()))
    this.#startedAt.delete(task)
    this.#wishMore(name, key)
    this.#forgetIdle(name)
    return []
  }

  /** A row counts as long as it is in our hands, booked or not. */
  booked(): void {}

  /** @returns the tasks with these ids as far as they wait */
  drop(ids: readonly number[]): ClaimedTask[] {
    return this.#takeOut(({ id }) => ids.includes(id))
  }

  dropAll(): ClaimedTask[] {
    return this.#takeOut(() => true)
  }

  has(name: string): number {
    const key = this.#keys.get(name)
    return key === undefined ? 0 : key.running + key.waiting.length
  }

  mayHave(name: string): number {
    const ms = this.#took.get(name)
    if (ms === undefined) return this.#perKey
    const lasting = Math.ceil((AHEAD_MS / Math.max(ms, 1)) * this.#perKey)
    return Math.max(this.#perKey, Math.min(lasting, MOST_AHEAD * this.#perKey))
  }

  depth(count: number): number {
    const most = Math.floor(count / Math.max(1, this.#keys.size))
    let depth = 0
    for (const name of this.#keys.keys()) if (depth < most) depth = Math.max(depth, this.mayHave(name))
    return Math.min(depth, most)
  }

  onRoom(name: string, room: number): void {
    this.#keyOf(name).room = room
  }

  onMore(name: string): void {
    this.#keyOf(name).hasMore = true
  }

  onUnseen(): void {
    this.#wantsMore = true
  }

  #keyOf(name: string): Key {
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const key = { waiting: [], running: 0, room: this.#perKey, hasMore: false }
    this.#keys.set(name, key)
    return key
  }

  /** The first that may have another one running; undefined for none. */
  #nextKey(): string | undefined {
    for (const [name, { waiting, running, room }] of this.#keys) if (waiting.length > 0 && running < room) return name
    return undefined
  }

  #note(name: string, ms: number): void {
    const before = this.#took.get(name)
    this.#took.delete(name)
    this.#took.set(name, before === undefined ? ms : before + (ms - before) / 4)
    if (this.#took.size > REMEMBERED) this.#took.delete(this.#took.keys().next().value as string)
  }

  #wishMore(name: string, key: Key): void {
    if (!key.hasMore) return
    const isOurs = key.room === this.#perKey
    const few = isOurs ? Math.max(key.room - 1, Math.floor(this.mayHave(name) / 2)) : key.room - 1
    if (key.running + key.waiting.length <= few) this.#wantsMore = true
  }

  #forgetIdle(...names: string[]): void {
    for (const name of names.length > 0 ? names : [...this.#keys.keys()]) {
      const key = this.#keys.get(name)
      if (key !== undefined && key.running === 0 && key.waiting.length === 0) this.#keys.delete(name)
    }
  }

  #takeOut(isMeant: (task: ClaimedTask) => boolean): ClaimedTask[] {
    const out: ClaimedTask[] = []
    for (const waiting of [this.#keyless, ...[...this.#keys.values()].map(({ waiting }) => waiting)]) {
      const kept = waiting.filter((task) => !isMeant(task))
      if (kept.length === waiting.length) continue
      out.push(...waiting.filter(isMeant))
      waiting.splice(0, waiting.length, ...kept)
    }
    this.#forgetIdle()
    return out
  }
}
