/**
 * A database server of the tests' own: MariaDB (or MySQL) on a free loopback port, in a temporary directory.
 *
 * The server program is taken from the system, nothing else is: no service, no configuration file, no user but an
 * unprivileged one. A keeper holds it, so it ends and its directory disappears with the process that started it.
 */

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { makeDirectory } from './cleanup.ts'
import { type Keeper, type Kept, keep, type StartOptions } from './keeper.ts'
import { findProgram, findServer, isRoot } from './server-program.ts'

export interface PrivateServer {
  /** `mysql://root@127.0.0.1:PORT`, without a database; the same after a restart. */
  readonly url: string
  readonly port: number
  readonly socket: string
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

export interface ServerOptions {
  /** Each commit is on disk before it is answered: the default. `false` is faster, and loses only to a power failure. */
  readonly durable?: boolean
  /** Further options of the server: `['--innodb-lock-wait-timeout=2']`. */
  readonly extraArguments?: readonly string[]
  /** What the server finds in its environment besides: another clock. */
  readonly environment?: Readonly<Record<string, string>>
}

interface Place {
  readonly binary: string
  readonly isMariadb: boolean
  readonly directory: string
  readonly data: string
  readonly socket: string
  readonly initFile: string
  readonly log: string
  /** Its temporary files belong in a directory its user may write to, and away with the rest. */
  readonly surroundings: StartOptions
}

const START_LIMIT_MS = 60_000
const UNPRIVILEGED_USER = 'nobody'

// With names not resolved, who comes by TCP is root@127.0.0.1 and not the root@localhost that an installation makes.
const INIT_SQL = `
CREATE USER IF NOT EXISTS root@'127.0.0.1';
GRANT ALL PRIVILEGES ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
`

/** @throws an Error with the server's own last words when it does not come up */
export async function startMariadb(options: ServerOptions = {}): Promise<PrivateServer> {
  const place = preparePlace()
  const keeper = keep(place.directory)
  try {
    await initialise(keeper, place)
    return await serve(keeper, place, options)
  } catch (error) {
    await keeper.close()
    throw error
  }
}

function preparePlace(): Place {
  const binary = findServer()
  if (binary === undefined) throw new Error('No mariadbd or mysqld was found. Install mariadb-server-core.')
  const directory = makeDirectory()
  const log = join(directory, 'server.log')
  const place = {
    binary,
    isMariadb: execFileSync(binary, ['--no-defaults', '--version'], { encoding: 'utf8' }).includes('MariaDB'),
    directory,
    data: join(directory, 'data'),
    socket: join(directory, 'server.sock'),
    initFile: join(directory, 'init.sql'),
    log,
    surroundings: { output: log, env: { ...process.env, TMPDIR: directory } },
  }
  mkdirSync(place.data)
  writeFileSync(place.initFile, INIT_SQL)
  if (isRoot()) {
    chmodSync(directory, 0o711)
    execFileSync('chown', ['-R', UNPRIVILEGED_USER, directory])
  }
  return place
}

async function initialise(keeper: Keeper, place: Place): Promise<void> {
  const [command, options] = place.isMariadb
    ? [installProgram(), ['--auth-root-authentication-method=normal', '--skip-test-db']]
    : [place.binary, ['--initialize-insecure']]
  const args = ['--no-defaults', ...options, `--datadir=${place.data}`, ...asUser()]
  const { code } = await keeper.start(command, args, place.surroundings).exited
  if (code !== 0) throw new Error(`${command} failed.\n${lastWords(place)}`)
}

function installProgram(): string {
  const found = findProgram('mariadb-install-db') ?? findProgram('mysql_install_db')
  if (found === undefined) throw new Error('No mariadb-install-db was found. Install mariadb-server-core.')
  return found
}

async function serve(keeper: Keeper, place: Place, options: ServerOptions): Promise<PrivateServer> {
  const port = await freePort()
  const url = `mysql://root@127.0.0.1:${port}`
  const args = serverArguments(place, port, options)
  const surroundings = { ...place.surroundings, env: { ...place.surroundings.env, ...options.environment } }
  let server = await launch(keeper, { ...place, surroundings }, args, url)

  async function end(signal: NodeJS.Signals): Promise<void> {
    server.child.ref()
    server.child.kill(signal)
    await server.exited
  }

  return {
    url,
    port,
    socket: place.socket,
    directory: place.directory,
    get pid() {
      return server.pid
    },
    stop: () => keeper.close(),
    kill9: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM')
      server = await launch(keeper, { ...place, surroundings }, args, url)
    },
  }
}

function serverArguments(place: Place, port: number, { durable = true, extraArguments = [] }: ServerOptions): string[] {
  return [
    '--no-defaults',
    ...asUser(),
    `--datadir=${place.data}`,
    `--socket=${place.socket}`,
    `--pid-file=${join(place.directory, 'server.pid')}`,
    `--init-file=${place.initFile}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    '--skip-name-resolve',
    '--skip-log-bin',
    '--max-connections=500',
    `--innodb-flush-log-at-trx-commit=${durable ? 1 : 2}`,
    ...(place.isMariadb ? [] : ['--mysqlx=OFF', '--secure-file-priv=NULL']),
    ...extraArguments,
  ]
}

function asUser(): string[] {
  return isRoot() ? [`--user=${UNPRIVILEGED_USER}`] : []
}

async function launch(keeper: Keeper, place: Place, args: readonly string[], url: string): Promise<Kept> {
  const server = keeper.start(place.binary, args, place.surroundings)
  const deadline = Date.now() + START_LIMIT_MS
  while (!(await answers(url))) {
    const hasEnded = server.child.exitCode !== null || server.child.signalCode !== null
    if (hasEnded || Date.now() > deadline) throw new Error(`${place.binary} did not come up.\n${lastWords(place)}`)
    await sleep(20)
  }
  server.child.unref()
  return server
}

/** Whether a database server accepts a connection there now. */
export async function answers(url: string): Promise<boolean> {
  try {
    const connection = await mysql.createConnection({ uri: url, connectTimeout: 5_000 })
    await connection.end()
    return true
  } catch {
    return false
  }
}

function lastWords(place: Place): string {
  return readFileSync(place.log, 'utf8').trimEnd().split('\n').slice(-8).join('\n')
}

/** Of the loopback; somebody else could take it before it is used. */
export async function freePort(): Promise<number> {
  const listener = createServer()
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  await new Promise((resolve) => listener.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port was found.')
  return address.port
}
