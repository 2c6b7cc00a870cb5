/** Queues of other languages: Celery as Debian has it, and the loop over a table that many teams have written themselves. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { findProgram } from '../../test/helpers/server-program.ts'
import { versionOf } from '../machine.ts'
import { Client } from './client.ts'
import type { Peer, Place } from './peer.ts'
import type { Services } from './services.ts'

/** Debian's own, whatever a version manager puts before it. */
export const DEBIAN_PYTHON = '/usr/bin/python3'

export async function openCelery({ directory, environment, program }: Place, services: Services): Promise<Peer> {
  const { url, version, pid } = await services.get('redis')
  const broker = `${url}/1` // BullMQ's keys are in 0
  const env = { ...environment, BROKER: broker, PROGRAM: program, PYTHONPATH: import.meta.dirname }
  const python = (...args: string[]) => ({ command: [DEBIAN_PYTHON, '-B', ...args], directory, environment: env })
  const options = [
    '--pool=prefork',
    '--loglevel=WARNING',
    '--without-gossip',
    '--without-mingle',
    '--without-heartbeat',
  ]
  return {
    name: 'Celery',
    ours: false,
    version: `Celery ${celeryVersion()} on ${version}`,
    durability: 'in memory; a snapshot every minute to every hour, what came after it is lost',
    settings:
      'prefork, task_acks_late, task_ignore_result, worker_prefetch_multiplier 64, no gossip, mingle, heartbeat',
    client: new Client(python(join(import.meta.dirname, 'celery_program.py'))),
    workers: (concurrency) => [
      python('-m', 'celery', '-A', 'celery_program', 'worker', `--concurrency=${concurrency}`, ...options),
    ],
    server: pid,
  }
}

function celeryVersion(): string {
  return execFileSync(DEBIAN_PYTHON, ['-c', 'import celery; print(celery.__version__)'], { encoding: 'utf8' }).trim()
}

export async function openOldLoop({ directory, environment, program }: Place, services: Services): Promise<Peer> {
  const { url, version, pid } = await services.get('mariadb')
  const { hostname, port, pathname } = new URL(url)
  const clientFile = join(import.meta.dirname, 'old-loop-client.ts')
  const loop = join(import.meta.dirname, '..', 'old-loop.php')
  return {
    name: 'old PHP loop',
    ours: false,
    version: `php ${versionOf('php')} on ${version}`,
    durability: 'every commit is on disk before it is answered; what ran and was not marked runs again',
    settings: 'no history in its table, one process for each of the programs at a time',
    client: new Client({ command: [process.execPath, clientFile, url], directory, environment }),
    workers: (concurrency) =>
      Array.from({ length: concurrency }, (_, i) => {
        const place = [hostname, port, pathname.slice(1)]
        return {
          command: [findProgram('php') ?? 'php', loop, ...place, String(concurrency), String(i), program],
          directory,
          environment,
        }
      }),
    server: pid,
  }
}
