/** A Redis of the bench's own, with its own defaults or with one line of its configuration changed. */
import { spawnSync } from 'node:child_process'
import { freePort } from '../../test/helpers/mariadb.ts'
import { versionOf } from '../machine.ts'
import { type Service, serve } from './service.ts'

/**
 * @param binary  redis-server
 * @param options  as on its command line: `['--appendonly', 'yes']`
 */
export async function startRedis(binary: string, options: readonly string[]): Promise<Service> {
  const port = await freePort()
  return serve({
    url: `redis://127.0.0.1:${port}`,
    version: `Redis ${versionOf(binary)}`,
    prepare: () => {},
    command: (directory) => [
      binary,
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--daemonize', 'no', ...options],
    ],
    isReady: () => spawnSync('redis-cli', ['-p', String(port), 'ping'], { encoding: 'utf8' }).stdout?.trim() === 'PONG',
    stopSignal: 'SIGTERM',
  })
}
