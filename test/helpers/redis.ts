/**
 * A Redis of the tests' own, on a free loopback port and in a temporary directory, which writes down each command before it
 * answers: what it has accepted is there again after a SIGKILL.
 *
 * A keeper holds it, so it ends and its directory disappears with the process that started it.
 */

import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeDirectory } from './cleanup.ts'
import { type Keeper, type Kept, keep } from './keeper.ts'
import { freePort } from './mariadb.ts'
import { findProgram } from './server-program.ts'

export interface PrivateRedis {
  /** `redis://127.0.0.1:PORT`; the same after a restart. */
  readonly url: string
  readonly port: number
  readonly directory: string
  /** Of the process started last. */
  readonly pid: number
  /** Ends the server and removes its directory. */
  stop(): Promise<void>
  /** A crash: SIGKILL. The directory stays and `restart` brings the server back. */
  kill9(): Promise<void>
  /** Starts it again on the same port and data, after an orderly end if it still runs. */
  restart(): Promise<void>
}

interface Place {
  readonly binary: string
  readonly port: number
  readonly directory: string
  readonly log: string
  readonly args: readonly string[]
}

const START_LIMIT_MS = 30_000
const ANSWER_LIMIT_MS = 2_000

/**
 * @param extraArguments  as on its command line: `['--maxmemory', '10mb']`
 * @throws an Error with the server's own last words when it does not come up
 */
export async function startRedis(extraArguments: readonly string[] = []): Promise<PrivateRedis> {
  const binary = findProgram('redis-server')
  if (binary === undefined) throw new Error('No redis-server was found. Install redis-server.')
  const directory = makeDirectory()
  const port = await freePort()
  const place = {
    binary,
    port,
    directory,
    log: join(directory, 'redis.log'),
    args: [...serverArguments(directory, port), ...extraArguments],
  }
  const keeper = keep(directory)
  try {
    return await serve(keeper, place)
  } catch (error) {
    await keeper.close()
    throw error
  }
}

function serverArguments(directory: string, port: number): string[] {
  return [
    ...['--port', String(port)],
    ...['--bind', '127.0.0.1'],
    ...['--dir', directory],
    ...['--daemonize', 'no'],
    ...['--save', ''],
    ...['--appendonly', 'yes'],
    ...['--appendfsync', 'always'],
  ]
}

async function serve(keeper: Keeper, place: Place): Promise<PrivateRedis> {
  let server = await launch(keeper, place)

  async function end(signal: NodeJS.Signals): Promise<void> {
    server.child.ref()
    server.child.kill(signal)
    await server.exited
  }

  return {
    url: `redis://127.0.0.1:${place.port}`,
    port: place.port,
    directory: place.directory,
    get pid() {
      return server.pid
    },
    stop: () => keeper.close(),
    kill9: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM')
      server = await launch(keeper, place)
    },
  }
}

async function launch(keeper: Keeper, place: Place): Promise<Kept> {
  const server = keeper.start(place.binary, place.args, { output: place.log })
  const deadline = Date.now() + START_LIMIT_MS
  while (!(await answers(place.port))) {
    const hasEnded = server.child.exitCode !== null || server.child.signalCode !== null
    if (hasEnded || Date.now() > deadline) throw new Error(`${place.binary} did not come up.\n${lastWords(place)}`)
    await sleep(20)
  }
  server.child.unref()
  return server
}

/** Whether it serves: one that still reads its file answers a PING with an error. */
function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
  socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy())
  socket.on('data', (bytes) => {
    resolve(bytes.toString().startsWith('+PONG'))
    socket.destroy()
  })
  socket.on('error', () => resolve(false))
  socket.on('close', () => resolve(false))
  return promise
}

function lastWords({ log }: Place): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-8).join('\n')
}
