/** Our own queue, as a peer among peers: one do-queue, tasks added by the library. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { OUR_BUILD } from '../options.ts'
import { Client } from './client.ts'
import { type Peer, type Place, shares } from './peer.ts'
import type { Services } from './services.ts'
import type { Command } from './worker.ts'

export const OURS = 'do-queue'

interface Kept {
  readonly url: string
  readonly version: string
  readonly pid?: number
}

/** On a MariaDB that has every commit on disk before it answers. */
export async function openOurs(place: Place, services: Services): Promise<Peer> {
  const durability = 'every commit is on disk before it is answered (innodb_flush_log_at_trx_commit = 1)'
  return open(OURS, place, await services.get('mariadb'), durability, [])
}

/** A do-queue that stays when its queue is empty. */
export async function openOursWatching(
  place: Place,
  services: Services,
  database: 'MariaDB' | 'SQLite',
): Promise<Peer> {
  const sqlite = { url: `sqlite:${join(place.directory, 'queue.db')}`, version: 'SQLite' }
  const kept = database === 'SQLite' ? sqlite : await services.get('mariadb')
  return open(`${OURS}, ${database}`, place, kept, 'every commit is on disk before it is answered', ['--watch'])
}

function open(
  name: string,
  place: Place,
  { url, version, pid }: Kept,
  durability: string,
  flags: readonly string[],
): Peer {
  const { directory, environment } = place
  migrate(place, url)
  const node = (...args: string[]): Command => ({ command: [process.execPath, ...args], directory, environment })
  return {
    name,
    ours: true,
    version: `cron-mission on ${version}`,
    durability,
    settings: '',
    client: new Client(node(join(import.meta.dirname, 'our-client.ts'), url)),
    workers: (concurrency, processes) =>
      shares(concurrency, processes).map((share, i, { length }) => {
        const part = ['--concurrency', String(share), '--total', String(length), '--shard', String(i)]
        return node(join(OUR_BUILD, 'bin/do-queue.js'), ...part, '--url', url, ...flags)
      }),
    server: pid,
  }
}

function migrate({ directory, environment }: Place, url: string): void {
  const args = [join(OUR_BUILD, 'bin/queuectl.js'), 'migrate', '--url', url]
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: directory,
    env: { ...environment },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`queuectl migrate failed.\n${stderr}`)
}
