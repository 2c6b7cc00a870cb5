/**
 * A MariaDB whose clock is moved by hand: the server itself believes in another time, so what is due, expired or finished is so
 * by every statement that asks for the time. Nothing of ours is told, and nothing is replaced.
 *
 * libfaketime gives the server its clock, and reads from a file at each look by how much it is ahead. Time does not stand still
 * in between, and clocks that only count go on as they did.
 */

import { chmodSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import mysql from 'mysql2/promise'
import { afterwards, temporaryDirectory } from './cleanup.ts'
import type { Database } from './databases.ts'
import { type PrivateServer, startMariadb } from './mariadb.ts'

export interface MovingClock {
  /** On the server with this clock; `name` is that of the tests' MariaDB. */
  readonly database: Database
  /** The server's time now: UTC milliseconds. */
  now(): number
  /** The server's time is this from now on: UTC milliseconds. It only goes forward. */
  moveTo(at: number): void
}

/** @throws an Error when libfaketime is not installed */
export async function startMovingClock(t: TestContext): Promise<MovingClock> {
  const library = findLibrary()
  if (library === undefined) throw new Error('libfaketime was not found. Install faketime.')
  const directory = temporaryDirectory(t)
  chmodSync(directory, 0o711) // the server may run as another user
  const file = join(directory, 'ahead')
  let aheadMs = 0
  const move = (ms: number) => {
    aheadMs = ms
    writeFileSync(`${file}.new`, `+${(ms / 1_000).toFixed(3)}\n`)
    renameSync(`${file}.new`, file) // the server reads it whenever it likes
  }
  move(0)
  const server = await startMariadb({
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  })
  afterwards(t, () => end(server))
  return {
    database: { name: 'mariadb', create: (of) => create(of, server) },
    now: () => Date.now() + aheadMs,
    moveTo(at) {
      if (at < Date.now() + aheadMs) throw new RangeError('The clock only goes forward.')
      move(at - Date.now())
    },
  }
}

/** A server that is killed does not tidy up after the library. */
async function end(server: PrivateServer): Promise<void> {
  await server.stop()
  for (const name of [`faketime_shm_${server.pid}`, `sem.faketime_sem_${server.pid}`]) {
    rmSync(join('/dev/shm', name), { force: true })
  }
}

async function create(t: TestContext, server: PrivateServer): ReturnType<Database['create']> {
  const connection = await mysql.createConnection(server.url)
  await connection.query('CREATE DATABASE shop')
  await connection.end()
  afterwards(t, async () => {
    const again = await mysql.createConnection(server.url)
    await again.query('DROP DATABASE shop')
    await again.end()
  })
  return { url: `${server.url}/shop` }
}

/** Debian keeps it in a directory that is named for the processor. This one is for programs with threads. */
function findLibrary(): string | undefined {
  const places = readdirSync('/usr/lib').map((name) => join('/usr/lib', name, 'faketime', 'libfaketimeMT.so.1'))
  return places.find((place) => existsSync(place))
}
