/**
 * A list of a Redis, over one connection. Only this file knows the Redis client.
 *
 * The client could connect again by itself and send once more what was not answered; here a connection that broke is over, and
 * so is whoever used it. What is done over the next one begins with a claim: it is certain then that no item has a number that
 * another one had before a crash of Redis.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisClientType } from '@redis/client'
import { Complaint, EXIT } from '../../exit.ts'
import type { IntakeProgress } from '../../queue/store/intake-note.ts'
import type { RedisPlace } from './redis-place.ts'
import { ADVANCE, CLAIM, keysOf, type ListKeys } from './redis-scripts.ts'

/** Redis is away, or not ready to serve: what was asked may have been done. */
export class RedisLost extends Error {}

export type Side = 'LEFT' | 'RIGHT'

export interface TakenItems {
  /** The number of the item before the first. */
  readonly done: number
  readonly items: readonly Buffer[]
}

export interface Asked {
  /** Undefined: nothing more is taken from the list, and what is on its way is given. */
  readonly from: Side | undefined
  readonly most: number
  /** It may be that Redis has forgotten the end of what it had done. */
  readonly afterClaim: boolean
}

/** As the first word of what Redis answers: it will serve later. */
const NOT_NOW = /^(?:LOADING|READONLY|MASTERDOWN|BUSY|OOM|MISCONF|TRYAGAIN|NOREPLICAS|ERR max number of clients)\b/
const CONNECT_MS = 5_000
/** Between two signs of life. A wait for an item is shorter. */
const SILENCE_MS = 15_000
const FULL_MS = 200
/** A database that takes long is no silence. */
const PING_MS = 5_000
const MOST_BYTES = 4_000_000

export class RedisList {
  readonly keys: ListKeys
  readonly #client: RedisClientType
  readonly #place: RedisPlace
  readonly #asBuffers: object
  /** Why the connection ended. */
  #end: Error | undefined

  /**
   * @throws RedisLost where it does not answer; Complaint where it does and will not serve, or where the client is not installed
   */
  static async connect(place: RedisPlace, list: string): Promise<RedisList> {
    const { createClient, RESP_TYPES } = await redisClient()
    const client = createClient({
      url: place.url,
      RESP: 2,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      pingInterval: PING_MS,
      socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
    })
    const it = new RedisList(place, list, client as unknown as RedisClientType, { [RESP_TYPES.BLOB_STRING]: Buffer })
    // Whoever asks next is told; without a listener it would end the process.
    client.on('error', (error: Error) => {
      it.#end ??= error
    })
    await it.#ask(async () => void (await client.connect()))
    return it
  }

  private constructor(place: RedisPlace, list: string, client: RedisClientType, asBuffers: object) {
    this.#place = place
    this.keys = keysOf(list)
    this.#client = client
    this.#asBuffers = asBuffers
  }

  /**
   * @param database  the queue database that items are taken into
   * @returns what tells this list from every other
   * @throws Complaint where it is taken into another one
   */
  async claim(database: string): Promise<string> {
    const { list, state } = this.keys
    const id = randomBytes(12).toString('hex')
    const [known = '', owner = ''] = await this.#send<string[]>(['EVAL', CLAIM, '1', state, id, database])
    if (owner === database) return known
    throw new Complaint(
      EXIT.badConfig,
      `The list ${list} of Redis ${this.#place.text} is taken into another queue database. Let the intake there empty it with --once, then delete the key ${state}.`,
    )
  }

  /** @returns undefined where the list is not as it was told of: it has to be claimed anew */
  async advance(
    id: string,
    { upTo, rejected }: IntakeProgress,
    { from, most, afterClaim }: Asked,
  ): Promise<TakenItems | undefined> {
    const { list, taken, state, rejected: rejectedKey } = this.keys
    const progress = [id, String(upTo), rejected.join(' '), afterClaim ? '1' : '0']
    const answer = await this.#send<Buffer | Buffer[]>(
      [
        'EVAL',
        ADVANCE,
        '4',
        state,
        list,
        taken,
        rejectedKey,
        ...progress,
        from ?? '',
        String(most),
        String(MOST_BYTES),
      ],
      this.#asBuffers,
    )
    if (!Array.isArray(answer)) return undefined
    const [done, ...items] = answer
    return { done: Number(done?.toString()), items }
  }

  /** Waits until there is an item, which is on its way then, or for so long. */
  async wait(from: Side, seconds: number): Promise<void> {
    const { list, taken } = this.keys
    const words = ['BLMOVE', list, taken, from, 'RIGHT', String(seconds)]
    await this.#ask(() =>
      this.#client.sendCommand(words, { typeMapping: this.#asBuffers }).catch(async (error: Error) => {
        if (!error.message.startsWith('OOM')) throw error
        await sleep(FULL_MS) // a Redis that is full refuses this, and lets a script take what is there
      }),
    )
  }

  /** The first items, which stay where they are: those on their way, then those of the list. */
  async look(from: Side, most: number): Promise<{ readonly items: Buffer[]; readonly length: number }> {
    const { list, taken } = this.keys
    const [first, last] = from === 'LEFT' ? ['0', String(most - 1)] : [String(-most), '-1']
    const onTheirWay = await this.#send<Buffer[]>(['LRANGE', taken, '0', String(most - 1)], this.#asBuffers)
    const waiting = await this.#send<Buffer[]>(['LRANGE', list, first, last], this.#asBuffers)
    const lengths = [await this.#send<number>(['LLEN', taken]), await this.#send<number>(['LLEN', list])]
    const items = [...onTheirWay, ...(from === 'LEFT' ? waiting : waiting.toReversed())].slice(0, most)
    return { items, length: lengths.reduce((sum, length) => sum + Number(length), 0) }
  }

  close(): void {
    this.#client.destroy()
  }

  #send<T>(words: string[], typeMapping: object = {}): Promise<T> {
    return this.#ask(() => this.#client.sendCommand(words, { typeMapping }) as Promise<T>)
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      this.close()
      throw this.#told(this.#end ?? (error as Error))
    }
  }

  #told(error: Error): Error {
    const { text } = this.#place
    const reason = reasonOf(error)
    if (reason.startsWith('WRONGTYPE')) {
      return new Complaint(EXIT.badConfig, `The key ${this.keys.list} of Redis ${text} holds no list. Correct --list.`)
    }
    // What Redis itself says begins with a word in capital letters; all else is said by the connection.
    const isRefusal = /^(?:ERR|NO[A-Z]+|WRONG[A-Z]+|EXECABORT|NOSCRIPT|DENIED|CROSSSLOT)\b/.test(reason)
    if (!isRefusal || NOT_NOW.test(reason)) return new RedisLost(reason, { cause: error })
    return new Complaint(
      EXIT.badConfig,
      `Redis ${text} refuses (${reason}). It has to be of version 7.0 or later; look at the user, the password and the database in the URL.`,
      { cause: error },
    )
  }
}

/** A connection that several addresses refused has its reasons inside. */
function reasonOf(error: Error): string {
  const { errors } = error as { errors?: readonly Error[] }
  const text =
    error.message === '' && errors !== undefined ? errors.map(({ message }) => message).join(', ') : error.message
  return text.split('\n')[0] ?? ''
}

/** @throws Complaint (configuration) where it is not installed */
async function redisClient() {
  try {
    return await import('@redis/client')
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Complaint(
      EXIT.badConfig,
      'The package @redis/client is not installed. Run "npm install @redis/client" where cron-mission is installed.',
      { cause: error },
    )
  }
}
