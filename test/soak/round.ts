/**
 * One round of a soak: everything at once for a while, then the killer stops, the queue drains, and the audit is held.
 *
 * A soak is made of rounds so that it can go on for days in the same memory, and so that a fault is told while it is fresh.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../fault/seeded-random.ts'
import type { PrivateServer } from '../helpers/mariadb.ts'
import { audit, type Verdict } from './audit.ts'
import { startCrontab } from './crontab.ts'
import type { Deed, Evidence } from './evidence.ts'
import { gather, leftovers } from './gather.ts'
import { startKiller } from './killer.ts'
import { makePlace, type Place } from './place.ts'
import { mayPass, startProducer, unfinished } from './producer.ts'

export interface RoundOptions {
  /** Is made, and left to whoever gave it. */
  readonly directory: string
  readonly server: PrivateServer | undefined
  readonly seed: number
  /** While the killer is at work. */
  readonly forMs: number
  /** Ends it early, without an audit. */
  readonly signal: AbortSignal
}

export interface Round {
  readonly verdict: Verdict
  readonly evidence: Evidence
  readonly deeds: readonly Deed[]
  readonly figures: Readonly<Record<string, number>>
}

const DRAIN_LIMIT_MS = 120_000
const CLEAR_LIMIT_MS = 30_000
const LOOK_MS = 250

export async function runRound({ directory, server, seed, forMs, signal }: RoundOptions): Promise<Round> {
  const place = await makePlace(directory, server)
  const began = performance.now()
  const crontab = startCrontab(place)
  const producer = startProducer(place.db, seededRandom(seed))
  const killer = startKiller(place, seededRandom(seed + 1))
  try {
    await sleep(forMs, undefined, { signal })
    await producer.stop()
    await killer.stop()
    await eventually(place, DRAIN_LIMIT_MS, signal, async () => (await unfinished(place.db)) === 0)
    const seconds = (performance.now() - began) / 1_000
    await eventually(place, CLEAR_LIMIT_MS, signal, async () => (await leftovers(place)).length === 0)
    await crontab.stop()

    const evidence = await gather(place, producer, killer, crontab)
    const figures = {
      tasks: evidence.tasks.length,
      'refused as not unique': producer.refused,
      runs: evidence.signatures.filter(({ kind }) => kind === 'start').length,
      ticks: crontab.ticks,
      seconds,
    }
    return { verdict: audit(evidence), evidence, deeds: killer.deeds, figures }
  } finally {
    await Promise.allSettled([producer, killer, crontab].map((it) => it.stop())) // also when it was interrupted
    await place.close()
  }
}

/** What does not come true in time is for the audit to tell. */
async function eventually(
  { db }: Place,
  limitMs: number,
  signal: AbortSignal,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + limitMs
  while (performance.now() < deadline) {
    const answer = await isSo().catch((error) => {
      if (!mayPass(db, error)) throw error
      return false
    })
    if (answer) return
    await sleep(LOOK_MS, undefined, { signal })
  }
}
