/**
 * Where peers are measured: one directory, their servers and their clients; and all of it gone afterwards, however the bench ends.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory } from '../../test/helpers/cleanup.ts'
import { type Keeper, keep } from '../../test/helpers/keeper.ts'
import type { Peer, Place } from './peer.ts'
import { Services } from './services.ts'
import { whenStopped } from './when-stopped.ts'

export interface Stage {
  readonly place: Place
  /** Of the workers. */
  readonly keeper: Keeper
  readonly peers: readonly Peer[]
}

/** @param open  the peers there are to be, one after the other */
export async function onStage<T>(
  open: (place: Place, services: Services) => AsyncIterable<Peer>,
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const place = makePlace()
  const services = new Services()
  const keeper = keep(place.directory)
  const peers: Peer[] = []
  const stopping = whenStopped(close)

  async function close(): Promise<void> {
    await Promise.allSettled(peers.map(({ client }) => client.close()))
    await services.stop()
    await keeper.close()
    rmSync(place.directory, { recursive: true, force: true })
  }

  try {
    for await (const peer of open(place, services)) peers.push(peer)
    return await play({ place, keeper, peers })
  } finally {
    await stopping.end()
    await close()
  }
}

/** What each of them is, by its name. */
export function versionsOf(peers: readonly Peer[]): Record<string, string> {
  return Object.fromEntries(peers.map(({ name, version }) => [name, version]))
}

function makePlace(): Place {
  const directory = makeDirectory()
  mkdirSync(join(directory, 'tasks'))
  return {
    directory,
    program: join(directory, 'tasks', 'program'),
    environment: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: directory },
  }
}
