/**
 * The servers that peers share, each started when the first peer asks for it and all ended together.
 */

import { startMariadb } from '../../test/helpers/mariadb.ts'
import { findProgram } from '../../test/helpers/server-program.ts'
import { createDatabase } from '../bench-database.ts'
import { versionOf } from '../machine.ts'
import { findPostgres, startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'
import type { Service } from './service.ts'

export type ServiceName = 'mariadb' | 'postgres' | 'redis' | 'redis-everysec'

/** As BullMQ's documentation recommends: what a crash of the machine can lose is the last second. */
const APPEND_ONLY = ['--appendonly', 'yes', '--appendfsync', 'everysec']

export class Services {
  readonly #started = new Map<ServiceName, Promise<Service>>()

  get(name: ServiceName): Promise<Service> {
    const known = this.#started.get(name)
    if (known !== undefined) return known
    const starting = STARTS[name]()
    this.#started.set(name, starting)
    return starting
  }

  /** Every one of them, also when one fails to stop. */
  async stop(): Promise<void> {
    const started = await Promise.allSettled(this.#started.values())
    this.#started.clear()
    await Promise.allSettled(started.map((one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)))
  }
}

const STARTS: Readonly<Record<ServiceName, () => Promise<Service>>> = {
  async mariadb() {
    const server = await startMariadb({ durable: true })
    await createDatabase(`${server.url}/mysql`)
    const binary = findProgram('mariadbd') ?? 'mysqld'
    return {
      url: `${server.url}/bench`,
      version: `MariaDB ${versionOf(binary, ['--no-defaults', '--version'])}`,
      pid: server.pid,
      stop: () => server.stop(),
    }
  },
  postgres: () => startPostgres(findPostgres() ?? 'postgres'),
  redis: () => startRedis(findProgram('redis-server') ?? 'redis-server', []),
  'redis-everysec': () => startRedis(findProgram('redis-server') ?? 'redis-server', APPEND_ONLY),
}
