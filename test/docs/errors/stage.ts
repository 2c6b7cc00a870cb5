/** What situations are staged with: a shell before the command, a terminal, a user without rights, a clock that is changed. */
import { delimiter, dirname, join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { type BinName, type Ended, type Project, runProgram } from '../../helpers/processes.ts'
import { findProgram, isRoot } from '../../helpers/server-program.ts'
import type { Refused } from './refused.ts'

export interface Situation extends Omit<Refused, 'run'> {
  readonly command: BinName
  /** @returns undefined where it cannot be staged */
  readonly stage: (t: TestContext) => Promise<Ended | undefined>
}

export const ROOT = resolve(import.meta.dirname, '../../..')

/** Shell commands, then ours in their place. */
export function shell(t: TestContext, cwd: string, before: string, command: BinName, ...args: readonly string[]) {
  const words = ['-c', `${before}; exec "$@"`, 'sh', process.execPath, binFile(command), ...args]
  return runProgram('sh', words, { cwd, t })
}

/** Files that their mode keeps from everybody are kept from it, too. @returns undefined where root cannot do without that right */
export async function withoutRights(
  t: TestContext,
  { directory }: Project,
  command: BinName,
  ...args: readonly string[]
) {
  if (!isRoot()) return shell(t, directory, ':', command, ...args)
  if (findProgram('setpriv') === undefined) return undefined
  return shell(t, directory, 'exec setpriv --bounding-set -dac_override,-dac_read_search -- "$@"', command, ...args)
}

/** Its output and standard error are one there. */
export async function onTerminal(t: TestContext, { directory }: Project, command: BinName, ...args: readonly string[]) {
  if (findProgram('script') === undefined) return undefined
  const line = [process.execPath, binFile(command), ...args].join(' ')
  const ended = await runProgram('script', ['-qec', line, '/dev/null'], { cwd: directory, t })
  return { ...ended, stdout: '', stderr: ended.stdout.replaceAll('\r', '') }
}

/** The environment for JavaScript that is run before the command. */
export function preload(code: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` }
}

/** The environment for a crontab that is a file of the project. */
export function crontabOf({ directory }: Project): Record<string, string> {
  const path = [join(ROOT, 'test/fixtures/crontab'), dirname(process.execPath), process.env.PATH].join(delimiter)
  return { PATH: path, HOME: directory }
}

function binFile(command: BinName): string {
  return join(ROOT, 'dist/bin', `${command}.js`)
}
