/**
 * What the peers need, and how it gets here: packages of npm by the lock file beside this one, programs by apt-get where that is
 * allowed. A peer that cannot be had is left out with a sentence.
 */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { canInstallServer, findProgram, installPackages, needProgram } from '../../test/helpers/server-program.ts'
import { DEBIAN_PYTHON } from './other-peers.ts'
import { findPostgres } from './postgres.ts'

const run = promisify(execFile)

/** What it has already fetched is what the lock file means: its sums say so. */
const NPM_FLAGS = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']

/** @returns why a peer cannot be measured, or undefined when all it needs is here */
export type Need = () => Promise<string | undefined>

export const needPackages: Need = async () => {
  if (existsSync(join(import.meta.dirname, 'node_modules', '.package-lock.json'))) return undefined
  console.log('Installing graphile-worker, pg-boss and BullMQ with npm ci, in bench/peers, to measure beside them.')
  try {
    await run('npm', ['ci', '--prefix', import.meta.dirname, ...NPM_FLAGS])
    return undefined
  } catch (error) {
    return `npm ci in bench/peers failed (${npmError(error)}).`
  }
}

/** Debian's package makes a cluster of its own; it is not used. */
export const needPostgres = needPrograms(() => findPostgres() !== undefined, ['postgresql'], 'PostgreSQL')

export const needRedis = needPrograms(() => findProgram('redis-server') !== undefined, ['redis-server'], 'Redis')

export const needCelery = needPrograms(
  () => spawnSync(DEBIAN_PYTHON, ['-c', 'import celery, redis']).status === 0,
  ['python3-celery', 'python3-redis'],
  'Celery',
)

export const needPhp: Need = async () => {
  const why = await needProgram('php')
  if (why !== undefined) return why
  const { stdout } = spawnSync('php', ['-m'], { encoding: 'utf8' })
  return /^mysqli$/m.test(stdout) ? undefined : 'this php has no mysqli. To have it: apt-get install php-mysql'
}

/** The first of several that cannot be met. */
export function allOf(...needs: readonly Need[]): Need {
  return async () => {
    for (const need of needs) {
      const why = await need()
      if (why !== undefined) return why
    }
    return undefined
  }
}

function needPrograms(isHere: () => boolean, names: readonly string[], what: string): Need {
  return async () => {
    if (isHere()) return undefined
    const remedy = `To have it: apt-get install --no-install-recommends ${names.join(' ')}`
    if (!canInstallServer()) return `no ${what} was found. ${remedy}`
    try {
      await installPackages({ names, what: `to measure beside ${what}` })
      return isHere() ? undefined : `${what} was installed and is not found. ${remedy}`
    } catch (error) {
      return `apt-get could not install ${what} (${lastLine(error)}). ${remedy}`
    }
  }
}

/** Its first sentence; its last ones are about npm. */
function npmError(error: unknown): string {
  const lines = String((error as Error).message).matchAll(/^npm error (?!code )(\S.*)$/gm)
  return lines.next().value?.[1] ?? lastLine(error)
}

function lastLine(error: unknown): string {
  return (
    String((error as Error).message)
      .trimEnd()
      .split('\n')
      .at(-1) ?? ''
  )
}
