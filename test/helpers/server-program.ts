/**
 * The database server program of this machine: where it is, and how it gets there on a Debian.
 *
 * Only the program is wanted. `mariadb-server-core` is just that: no service, no configuration, no user.
 */

import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const PACKAGES = ['mariadb-server-core', 'mariadb-client-core']

/** The one command that puts the program on a Debian. */
export const INSTALL_COMMAND = `apt-get install -y --no-install-recommends ${PACKAGES.join(' ')}`

// Servers lie in folders for administrators, which are often not in a user's PATH.
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec']

const run = promisify(execFile)

/** Path of the server program, or undefined when this machine has none. */
export function findServer(): string | undefined {
  return findProgram('mariadbd') ?? findProgram('mysqld')
}

/** Path of an executable in PATH or in the folders of servers. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...FOLDERS]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** Whether `installServer` may try: we are root, and this is a Debian. */
export function canInstallServer(): boolean {
  return isRoot() && findProgram('apt-get') !== undefined
}

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/**
 * Installs the server program, saying so in one line because it changes the machine.
 *
 * @throws an Error that ends with apt-get's own last words
 */
export async function installServer(): Promise<void> {
  console.log(`Installing ${PACKAGES.join(' and ')} with apt-get, to test against a real MariaDB.`)
  try {
    await aptGet('install', '-y', '--no-install-recommends', ...PACKAGES)
  } catch {
    await aptGet('update') // the package lists were missing or too old
    await aptGet('install', '-y', '--no-install-recommends', ...PACKAGES)
  }
}

async function aptGet(...args: string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['-o', 'DPkg::Lock::Timeout=180', ...args], { env, maxBuffer: 64 * 1024 * 1024 })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
