/**
 * A PostgreSQL of the bench's own, with its own defaults: fsync and synchronous_commit are on.
 *
 * initdb and the server refuse to be run by root, so they are run by nobody then.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/helpers/mariadb.ts'
import { findProgram } from '../../test/helpers/server-program.ts'
import { versionOf } from '../machine.ts'
import { type Service, serve } from './service.ts'

/** Debian keeps the programs of each version apart. */
const DEBIAN_FOLDER = '/usr/lib/postgresql'

export function findPostgres(): string | undefined {
  const ofDebian = versionsOfDebian().map((version) => join(DEBIAN_FOLDER, version, 'bin', 'postgres'))
  const found = findProgram('postgres') ?? ofDebian[0]
  return found === undefined ? undefined : realpathSync(found) // its other programs lie beside it, not beside a link
}

function versionsOfDebian(): string[] {
  try {
    return readdirSync(DEBIAN_FOLDER).toSorted((a, b) => Number(b) - Number(a))
  } catch {
    return []
  }
}

/** @param binary  of the server, as `findPostgres` found it */
export async function startPostgres(binary: string): Promise<Service> {
  const port = await freePort()
  const beside = (name: string) => join(binary, '..', name)
  return serve({
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    version: `PostgreSQL ${versionOf(binary)}`,
    prepare: (directory, asUser) => {
      const args = ['-D', join(directory, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8']
      const [command = '', ...rest] = asUser([beside('initdb'), ...args])
      execFileSync(command, rest, { cwd: directory, stdio: 'ignore' })
    },
    command: (directory) => [
      binary,
      ...['-D', join(directory, 'data'), '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
      ...['-c', `unix_socket_directories=${directory}`],
    ],
    isReady: () => spawnSync(beside('pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).status === 0,
    // At TERM it would wait for its clients to leave; this asks them to.
    stopSignal: 'SIGINT',
  })
}
