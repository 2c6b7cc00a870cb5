/**
 * How every command starts and ends: the right Node, the command's `main`, an exit code.
 *
 * This file and what it imports run on a Node that is too old, to say so. Everything else is loaded behind that check.
 */
import { Complaint, EXIT } from '../exit.ts'
import { keepCompiled } from '../host/compiled.ts'

const NEEDED = [22, 18] as const

export interface Command {
  /** @returns the exit code */
  main(args: string[]): Promise<number>
}

/**
 * @param load   the command
 * @param first  what may be all that is to do; resolves to whether it was
 */
export async function start(name: string, load: () => Promise<Command>, first?: () => Promise<boolean>): Promise<void> {
  const refusal = tooOld(process.versions.node)
  if (refusal !== undefined) {
    process.stderr.write(`${name}: ${refusal}\n`)
    process.exitCode = EXIT.badConfig
    return
  }
  for (const name of ['stdout', 'stderr'] as const) guardWhenUsed(name)
  try {
    if (await first?.()) return
    keepCompiled()
    const { main } = await load()
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    process.exitCode = report(name, error)
  }
}

/** A stream costs a sixth of a bare Node to make, and a tick that finds nothing due has nothing to say. */
function guardWhenUsed(name: 'stdout' | 'stderr'): void {
  const original = Object.getOwnPropertyDescriptor(process, name)
  if (original?.get === undefined) return
  const make = original.get.bind(process)
  Object.defineProperty(process, name, {
    ...original,
    get() {
      Object.defineProperty(process, name, original)
      return make().on('error', leaveQuietly)
    },
  })
}

/** Whoever read our output has left (`… | head`, a terminal that was closed): nobody is to be told, nothing is wrong. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
}

/** The sentence for a Node that is too old; undefined when it is new enough. */
export function tooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return undefined
  return (
    `this is Node ${version} (${process.execPath}), and cron-mission needs ${NEEDED.join('.')} or newer: ` +
    'run "npm install node@24" in the project and put its node_modules/.bin first in PATH.'
  )
}

/** Prints what went wrong, for an operator, and returns the exit code. */
export function report(name: string, error: unknown): number {
  const debug = (process.env.DEBUG ?? '') !== ''
  if (error instanceof Complaint) {
    process.stderr.write(`${name}: ${error.message}\n`)
    if (debug) process.stderr.write(`${error.stack}\n`)
    return error.exitCode
  }
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${name}: unexpected: ${message}${debug ? '' : ' (set DEBUG=1 for where it happened)'}\n`)
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return EXIT.internal
}
