/**
 * The programs of this machine that tests and benches need: the database server, Redis, tmux, a C compiler, PHP, cron. Where
 * they are, and how they get there on a Debian.
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
  redis: { names: ['redis-server'], program: 'redis-server', what: 'to test against a real Redis' },
  cron: { names: ['cron'], program: 'cron', what: 'to test under a real cron' },
  clock: { names: ['faketime'], program: 'faketime', what: 'to give a server another clock' },
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

/**
 * Installs those of them that are missing, all at once.
 *
 * @param what  completes the line that is said: `to try the recipes`
 * @returns undefined when all are there, else one sentence with what is missing and what to run
 */
export async function needPrograms(needs: readonly Need[], what: string): Promise<string | undefined> {
  const missing = needs.filter((need) => !isThere(need))
  if (missing.length === 0) return undefined
  const programs = missing.map((need) => PACKAGES[need].program).join(', ')
  const remedy = `${isRoot() ? '' : 'sudo '}${installCommand(...missing)}`
  if (!canInstallServer()) return `Missing ${what}: ${programs}. Install them: ${remedy}`
  try {
    await installPackages({ names: namesOf(missing), what })
    return undefined
  } catch (error) {
    const last = (error as Error).message.trimEnd().split('\n').at(-1)
    return `Missing ${what}: ${programs}, and apt-get could not install them (${last}). Try: ${remedy}`
  }
}

function isThere(need: Need): boolean {
  return need === 'server' ? findServer() !== undefined : findProgram(PACKAGES[need].program) !== undefined
}

function namesOf(needs: readonly Need[]): string[] {
  return needs.flatMap((need) => PACKAGES[need].names)
}

function installCommand(...needs: Need[]): string {
  return `apt-get install -y --no-install-recommends ${namesOf(needs).join(' ')}`
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
