/**
 * How every command starts and ends: the right Node, the command's `main`, an exit code.
 *
 * This file and what it imports run on a Node that is too old, to say so. Everything else is loaded behind that check.
 */
import { Complaint, EXIT } from '../exit.ts'
import { keepCompiled } from '../host/compiled.ts'

const NEEDED = [22, 18] as const

const WHAT_NOW = 'Make room where standard output goes; what the command did is done.'

let isOutputLost = false

export interface Command {
  /** @returns the exit code */
  main(args: string[]): Promise<number>
}

/** A command found that there was nothing to do. */
export interface Passed {
  readonly hasPrinted: boolean
  /** The last thing it does. It cannot fail, and what it begins is not waited for. */
  readonly leave: () => void
}

/**
 * @param load   the command
 * @param first  what may be all that is to do; resolves to undefined when it was not
 */
export async function start(
  name: string,
  load: () => Promise<Command>,
  first?: () => Promise<Passed | undefined>,
): Promise<void> {
  const refusal = tooOld(process.versions.node)
  if (refusal !== undefined) {
    process.stderr.write(`${name}: ${refusal}\n`)
    process.exitCode = EXIT.badConfig
    return
  }
  for (const stream of ['stdout', 'stderr'] as const) guardWhenUsed(name, stream)
  process.exitCode = EXIT.internal // unless it comes to an end of its own
  try {
    const passed = await first?.()
    if (passed !== undefined) return end(passed)
    keepCompiled()
    const { main } = await load()
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    process.exitCode = report(name, error)
  }
}

/** Taking down everything that a process has costs a tenth of a bare Node. What was printed may have to go out still. */
function end({ hasPrinted, leave }: Passed): void {
  process.exitCode = EXIT.ok
  leave()
  if (!hasPrinted) process.exit()
}

/** A stream costs a sixth of a bare Node to make, and a tick that finds nothing due has nothing to say. */
function guardWhenUsed(command: string, name: 'stdout' | 'stderr'): void {
  const original = Object.getOwnPropertyDescriptor(process, name)
  if (original?.get === undefined) return
  const make = original.get.bind(process)
  Object.defineProperty(process, name, {
    ...original,
    get() {
      Object.defineProperty(process, name, original)
      return make().on('error', (error: NodeJS.ErrnoException) => unwritable(command, name, error))
    },
  })
}

/**
 * Whoever read our output has left (`… | head`, a terminal that was closed): nobody is to be told, nothing is wrong.
 * Output that went nowhere for another reason must not pass for whole.
 */
function unwritable(command: string, stream: 'stdout' | 'stderr', { code }: NodeJS.ErrnoException): void {
  if (stream === 'stderr' || code === 'EPIPE' || code === 'EIO' || isOutputLost) return
  isOutputLost = true
  process.once('exit', () => {
    process.exitCode ||= EXIT.busy
  })
  report(
    command,
    new Complaint(EXIT.busy, `The output cannot be written (${code}), and some of it is lost. ${WHAT_NOW}`),
  )
}

/** The sentence for a Node that is too old; undefined when it is new enough. */
export function tooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return undefined
  return (
    `This is Node ${version} (${process.execPath}), and cron-mission needs ${NEEDED.join('.')} or newer: ` +
    'run "npm install node@24" in the project and put its node_modules/.bin first in PATH.'
  )
}

/** Prints what went wrong, for an operator, and returns the exit code. */
export function report(name: string, thrown: unknown): number {
  const debug = (process.env.DEBUG ?? '') !== ''
  const error = isDirectoryGone(thrown) ? directoryGone(thrown) : thrown
  if (error instanceof Complaint) {
    process.stderr.write(`${name}: ${harmless(error.message)}\n`)
    if (debug) process.stderr.write(`${error.stack}\n`)
    return error.exitCode
  }
  const message = harmless(error instanceof Error ? error.message : String(error))
  process.stderr.write(`${name}: unexpected: ${message}${debug ? '' : ' (set DEBUG=1 for where it happened)'}\n`)
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return EXIT.internal
}

/** What a message quotes may come from a row, and must not move the cursor of a terminal. */
function harmless(message: string): string {
  return message.replace(
    /[^\P{Cc}\n\t]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Every path begins with it, and yargs asks for it before it reads a flag. */
function isDirectoryGone(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall === 'uv_cwd'
}

function directoryGone(cause: unknown): Complaint {
  return new Complaint(EXIT.usage, "The current directory was removed. Change to the project's directory.", { cause })
}
