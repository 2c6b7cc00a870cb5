/**
 * The three queues that users of Node take, each the latest version that runs on this Node: their packages come by a lock file of
 * the bench's own.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from './client.ts'
import { type Peer, type Place, shares } from './peer.ts'
import type { ServiceName, Services } from './services.ts'

interface NodePeer {
  readonly name: string
  /** Also of its package and of its script here. */
  readonly script: string
  readonly service: ServiceName
  readonly durability: string
  readonly settings: string
}

const ON_DISK = 'every commit is on disk before it is answered (fsync, synchronous_commit = on)'
const BULLMQ_SETTINGS = 'maxRetriesPerRequest null, finished jobs removed beyond 1,000'

export const NODE_PEERS: readonly NodePeer[] = [
  {
    name: 'graphile-worker',
    script: 'graphile-worker',
    service: 'postgres',
    durability: `${ON_DISK}; ends are written up to 25 ms late`,
    settings: 'localQueue.size = concurrency + 1, completeJobBatchDelay and failJobBatchDelay 25',
  },
  {
    name: 'pg-boss',
    script: 'pg-boss',
    service: 'postgres',
    durability: `${ON_DISK}; ends are written once per batch`,
    settings: 'localConcurrency = concurrency, batchSize 50, burstWhenBatchFull, perJobResults, LISTEN/NOTIFY',
  },
  {
    name: 'BullMQ',
    script: 'bullmq',
    service: 'redis',
    durability:
      'in memory; a snapshot every minute to every hour, what came after it is lost (save 3600 1 300 100 60 10000)',
    settings: BULLMQ_SETTINGS,
  },
  {
    name: 'BullMQ, append only',
    script: 'bullmq',
    service: 'redis-everysec',
    durability: 'in memory; up to the last second is lost (appendfsync everysec)',
    settings: BULLMQ_SETTINGS,
  },
]

export async function openNodePeer(given: NodePeer, place: Place, services: Services): Promise<Peer> {
  const { name, script, service, durability, settings } = given
  const { url, version, pid } = await services.get(service)
  const { directory, environment, program } = place
  const command = (...args: string[]) => ({
    command: [process.execPath, join(import.meta.dirname, `${script}.mjs`), ...args],
    directory,
    environment,
  })
  return {
    name,
    ours: false,
    version: `${script} ${packageVersion(script)} on ${version}`,
    durability,
    settings,
    client: new Client(command('client', url)),
    workers: (concurrency, processes) =>
      shares(concurrency, processes).map((share) => command('worker', url, String(share), program)),
    server: pid,
  }
}

function packageVersion(name: string): string {
  const file = join(import.meta.dirname, 'node_modules', name, 'package.json')
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return version
}
