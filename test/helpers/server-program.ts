/**
 * The programs of this machine that tests and benches need: the database server, tmux, a C compiler, PHP. Where they are, and
 * how they get there on a Debian.
 *
 * Only the programs are wanted. `mariadb-server-core` is just that: no service, no configuration, no user.
 */

import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** What is installed with apt-get, and by nothing else. */
const PACKAGES = {
  server: {
    names: ['mariadb-server-core', 'mariadb-client-core'],
    program: 'mariadbd',
    what: 'to test against a real MariaDB',
  },
  terminal: { names: ['tmux'], program: 'tmux', what: 'to test what a person sees on a terminal' },
  compiler: { names: ['gcc', 'libc6-dev'], program: 'cc', what: 'to compile the C program that is measured beside' },
  php: { names: ['php-cli', 'php-mysql'], program: 'php', what: 'to measure programs in PHP' },
} as const

type Need = keyof typeof PACKAGES

interface Packages {
  readonly names: readonly string[]
  readonly what: string
}

/** The one command that puts the database server on a Debian. */
export const INSTALL_COMMAND = installCommand('server')

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

/** Whether `installServer` and `needTerminal` may try: we are root, and this is a Debian. */
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
  await install('server')
}

/**
 * Installs tmux where it is missing and may be installed.
 *
 * @returns undefined when it is there, else why it is not and what to run
 */
export function needTerminal(): Promise<string | undefined> {
  return needProgram('terminal')
}

/** The same for any of them. */
export async function needProgram(need: Need): Promise<string | undefined> {
  const { program } = PACKAGES[need]
  if (findProgram(program) !== undefined) return undefined
  const command = `${isRoot() ? '' : 'sudo '}${installCommand(need)}`
  const remedy = `To run them: ${findProgram('apt-get') === undefined ? `install ${program}` : command}`
  if (!canInstallServer()) return `no ${program} was found. ${remedy}`
  try {
    await install(need)
    return undefined
  } catch (error) {
    const last = (error as Error).message.trimEnd().split('\n').at(-1)
    return `apt-get could not install ${program} (${last}). ${remedy}`
  }
}

function installCommand(need: Need): string {
  return `apt-get install -y --no-install-recommends ${PACKAGES[need].names.join(' ')}`
}

async function install(need: Need): Promise<void> {
  await installPackages(PACKAGES[need])
}

/** @param what  completes the line that is said: `to test against a real MariaDB` */
export async function installPackages({ names, what }: Packages): Promise<void> {
  console.log(`Installing ${names.join(' and ')} with apt-get, ${what}.`)
  try {
    await aptGet('install', '-y', '--no-install-recommends', ...names)
  } catch {
    await aptGet('update') // the package lists were missing or too old
    await aptGet('install', '-y', '--no-install-recommends', ...names)
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
