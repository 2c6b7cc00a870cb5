/**
 * Two workers that share all buckets, as workers of different totals do, claim, run, fail, give back and book tasks with keys
 * in a random order, each on a connection of its own. Whatever happens, of each key one runs at a time, and one starts only
 * when the ones before it are finished. A failure tells the seed; SEED=… makes the same choices again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver } from '../../src/queue/driver.ts'
import type { ClaimedTask } from '../../src/queue/store/claimed-task.ts'
import { finish, type NextState } from '../../src/queue/store/finish.ts'
import { giveBack } from '../../src/queue/store/give-back.ts'
import { promote } from '../../src/queue/store/promote.ts'
import { Waiting } from '../../src/worker/waiting.ts'
import { type Random, seededRandom } from '../fault/seeded-random.ts'
import { DATABASES } from '../helpers/databases.ts'
import { claimSome, finishOf, openStore, PATIENCE_MS, put } from '../queue/stores.ts'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))
const KEYS = ['a', 'b', 'c']
const TASKS = 150
const LONGEST_RUN_MS = 60_000

for (const database of DATABASES) {
  test(`however two workers interleave, tasks of one key run one at a time and in order (${database.name})`, async (t) => {
    t.diagnostic(`seed ${SEED}`)
    const { db, open } = await openStore(t, database)
    const random = seededRandom(SEED)
    await put(
      db,
      ...Array.from({ length: TASKS }, () => {
        const key = random.oneOf([...KEYS, undefined])
        return {
          task: 'a',
          priority: random.below(3),
          ...(key !== undefined && { key }),
          ...(random.below(10) === 0 && { inMs: random.below(500) }),
        }
      }),
    )
    const record = await Record.of(db)
    const workers = [1, 2].map(async (id) => new RandomWorker(id, await open(), record, seededRandom(SEED + id)))

    try {
      await Promise.all(workers.map(async (worker) => (await worker).work()))
    } catch (error) {
      console.error(`SEED=${SEED}`)
      throw error
    }

    const rows = await db.all<{ n: number }>('SELECT COUNT(*) AS n FROM queue WHERE status IN (1, 3)')
    assert.equal(Number(rows[0]?.n), TASKS)
    assert.equal(record.left, 0)
  })
}

interface Entry {
  readonly id: number
  readonly key: string | null
  /** Its time was to come when it was added, so that later ones may overtake it before its first start. */
  readonly isLate: boolean
  state: 'not started' | 'running' | 'ended' | 'finished'
}

/** What has run, and the judge of what may start. */
class Record {
  readonly #entries: ReadonlyMap<number, Entry>

  static async of(db: Driver): Promise<Record> {
    const rows = await db.all<{ id: number; shard_key: string | null; status: number }>(
      'SELECT id, shard_key, status FROM queue ORDER BY id',
    )
    return new Record(
      rows.map(({ id, shard_key, status }) => ({
        id: Number(id),
        key: shard_key,
        isLate: status === 4,
        state: 'not started',
      })),
    )
  }

  private constructor(entries: readonly Entry[]) {
    this.#entries = new Map(entries.map((entry) => [entry.id, entry]))
  }

  get left(): number {
    return [...this.#entries.values()].filter(({ state }) => state !== 'finished').length
  }

  start({ id }: ClaimedTask): void {
    const entry = this.#entry(id)
    assert.ok(entry.state === 'not started' || entry.state === 'ended', `task ${id} starts and is ${entry.state}`)
    for (const other of this.#sameKey(entry)) {
      assert.notEqual(other.state, 'running', `task ${id} starts while task ${other.id} of its key runs`)
      const mayWait = other.id > id || other.state === 'finished' || (other.isLate && other.state === 'not started')
      assert.ok(mayWait, `task ${id} starts before task ${other.id} of its key, which is ${other.state}`)
    }
    entry.state = 'running'
  }

  end({ id }: ClaimedTask, finished: boolean): void {
    this.#entry(id).state = finished ? 'finished' : 'ended'
  }

  #sameKey({ id, key }: Entry): Entry[] {
    return key === null ? [] : [...this.#entries.values()].filter((other) => other.key === key && other.id !== id)
  }

  #entry(id: number): Entry {
    const entry = this.#entries.get(id)
    assert.ok(entry)
    return entry
  }
}

/** Does what a supply, slots and a booking do, in any order. */
class RandomWorker {
  readonly #id: number
  readonly #db: Driver
  readonly #record: Record
  readonly #random: Random
  readonly #waiting = new Waiting()
  #running: ClaimedTask[] = []
  #bookings: Promise<unknown>[] = []

  constructor(id: number, db: Driver, record: Record, random: Random) {
    this.#id = id
    this.#db = db
    this.#record = record
    this.#random = random
  }

  async work(): Promise<void> {
    const deadline = performance.now() + LONGEST_RUN_MS
    while (this.#record.left > 0) {
      assert.ok(performance.now() < deadline, `${this.#record.left} tasks are left and nothing comes of them`)
      await this.#step()
    }
    await Promise.all(this.#bookings)
  }

  async #step(): Promise<void> {
    switch (this.#random.oneOf(['claim', 'start', 'start', 'end', 'end', 'drop', 'promote', 'wait'])) {
      case 'claim':
        // Programs start and end while a claim is under way.
        await Promise.all([this.#claim(), this.#startAndEndSome()])
        break
      case 'start':
        this.#start()
        break
      case 'end':
        await this.#end()
        break
      case 'drop': {
        const some = this.#waiting.tasks.filter(() => this.#random.below(4) === 0)
        await giveBack(this.#db, this.#waiting.drop(some.map(({ id }) => id)), PATIENCE_MS)
        break
      }
      case 'promote':
        await promote(this.#db, 10, PATIENCE_MS)
        break
      case 'wait':
        await sleep(this.#random.below(5))
    }
  }

  async #claim(): Promise<void> {
    if (this.#waiting.tasks.length > 20) return
    const unfinished = this.#waiting.look()
    const avoid = this.#random.below(2) === 0 ? new Set(this.#waiting.busy) : new Set<string>()
    const limit = 1 + this.#random.below(8)
    const tasks = await claimSome(this.#db, { workerId: this.#id, limit, unfinished, avoid })
    await giveBack(this.#db, this.#waiting.add(tasks), PATIENCE_MS)
  }

  async #startAndEndSome(): Promise<void> {
    for (let left = this.#random.below(5); left > 0; left--) {
      this.#start()
      await sleep(this.#random.below(3))
      await this.#end()
    }
  }

  #start(): void {
    const task = this.#waiting.take()
    if (task === undefined) return
    this.#record.start(task)
    this.#running.push(task)
  }

  /** The next task may start before this one is booked. */
  async #end(): Promise<void> {
    const task = this.#running.splice(this.#random.below(this.#running.length), 1)[0]
    if (task === undefined) return
    const next = this.#random.oneOf<NextState>([
      { kind: 'done' },
      { kind: 'done' },
      { kind: 'failed' },
      { kind: 'again', delayMs: this.#random.below(60), counted: this.#random.below(2) === 0 },
    ])
    const finished = next.kind !== 'again'
    this.#record.end(task, finished)
    const returned = this.#waiting.ended(task, finished)
    this.#bookings.push(this.#book(task, next))
    await giveBack(this.#db, returned, PATIENCE_MS)
  }

  async #book(task: ClaimedTask, next: NextState): Promise<void> {
    await sleep(this.#random.below(30))
    const lost = await finish(this.#db, [finishOf(task, next)], PATIENCE_MS)
    assert.deepEqual(lost, [])
    this.#waiting.booked(task)
  }
}
