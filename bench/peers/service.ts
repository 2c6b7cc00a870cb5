/**
 * A server that a peer keeps its tasks in: on a free loopback port, in a directory of its own, with no configuration but its own
 * defaults. It ends, and its directory disappears, with the process that started it.
 */
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeDirectory } from '../../test/helpers/cleanup.ts'
import { keep } from '../../test/helpers/keeper.ts'
import { isRoot } from '../../test/helpers/server-program.ts'

export interface Service {
  readonly url: string
  readonly version: string
  readonly pid: number
  stop(): Promise<void>
}

interface Recipe {
  readonly url: string
  readonly version: string
  readonly prepare: (directory: string, asUser: (command: readonly string[]) => readonly string[]) => void
  readonly command: (directory: string) => readonly string[]
  readonly isReady: () => boolean
  readonly stopSignal: NodeJS.Signals
}

const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 10_000
/** nobody and nogroup of a Debian. */
const UNPRIVILEGED = 65534

/** @throws an Error with the server's own last words when it does not come up */
export async function serve(recipe: Recipe): Promise<Service> {
  const directory = makeDirectory()
  const keeper = keep(directory)
  const home = join(directory, 'home')
  mkdirSync(home)
  const log = join(directory, 'server.log')
  if (isRoot()) {
    chmodSync(directory, 0o711)
    chownSync(home, UNPRIVILEGED, UNPRIVILEGED)
  }
  try {
    recipe.prepare(home, asUser)
    const [command = '', ...args] = asUser(recipe.command(home))
    const server = keeper.start(command, args, { output: log, cwd: home, env: { PATH: process.env.PATH, HOME: home } })
    const deadline = Date.now() + START_LIMIT_MS
    while (!recipe.isReady()) {
      if (server.child.exitCode !== null || Date.now() > deadline)
        throw new Error(
          `${command} did not come up.\n${readFileSync(log, 'utf8').trimEnd().split('\n').slice(-8).join('\n')}`,
        )
      await sleep(20)
    }
    server.child.unref()
    return {
      url: recipe.url,
      version: recipe.version,
      pid: server.pid,
      async stop() {
        server.child.ref()
        server.child.kill(recipe.stopSignal)
        await Promise.race([server.exited, sleep(STOP_LIMIT_MS, undefined, { ref: false })])
        await keeper.close()
      },
    }
  } catch (error) {
    await keeper.close()
    throw error
  }
}

function asUser(command: readonly string[]): readonly string[] {
  return isRoot()
    ? ['setpriv', `--reuid=${UNPRIVILEGED}`, `--regid=${UNPRIVILEGED}`, '--clear-groups', ...command]
    : command
}
