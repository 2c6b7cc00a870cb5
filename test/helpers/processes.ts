/**
 * Verbs for tests of the commands: run one, start one, wait for something, make a project for it.
 *
 * The commands run as users run them: `dist/bin/*.js` in a process of its own, with a small clean environment, in a
 * project directory. Whatever a test started is dead when the test ends, runners and task programs included.
 */

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterwards, temporaryDirectory } from './cleanup.ts'
import { killMarked, RUN_MARK, TREE_MARK } from './marked.ts'

export type BinName = 'cron-mission' | 'do-queue' | 'add-task' | 'queuectl'

export interface RunOptions {
  readonly cwd: string
  /** Added to the clean environment: PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
  /** Nothing (end of file at once) unless given. */
  readonly stdin?: string | Uint8Array
  /** With it, the program and everything it started is killed when the test ends. */
  readonly t?: TestContext
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  /** Output so far. */
  readonly stdout: string
  readonly stderr: string
  readonly exited: Promise<Ended>
  /** To this process alone, as an operator's `kill` would. */
  kill(signal?: NodeJS.Signals): void
  /** SIGKILL to it and to everything it started, also what has left its process group. */
  killTree(): Promise<void>
}

export interface ProjectOptions {
  /** Files of `tasks/` by name. Executable when the text begins with `#!` or the name ends in `.sh`, unless `mode` says. */
  readonly tasks?: Readonly<Record<string, string | { readonly text: string; readonly mode?: number }>>
  /** Text of `schedule.ts`; `import … from 'cron-mission'` works in it. */
  readonly schedule?: string
  /** Writes a `package.json` with this `type`. */
  readonly packageType?: 'module' | 'commonjs'
  /** Content of `.env`. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Project {
  readonly directory: string
  path(...parts: string[]): string
  /** Lines of a file in the project, without an empty last one; none while the file does not exist. */
  lines(file: string): string[]
}

const ROOT = resolve(import.meta.dirname, '../..')
const POLL_MS = 20
// After its end a program's pipes close at once, unless something it started holds them.
const HELD_PIPES_LIMIT_MS = 1_000

/** Runs one of our commands to its end. */
export function runBin(
  name: BinName,
  args: readonly string[],
  options: RunOptions & { readonly timeoutMs?: number },
): Promise<Ended> {
  return runProgram(process.execPath, [binFile(name), ...args], options)
}

/** Starts one of our commands and returns while it runs. */
export function startBin(name: BinName, args: readonly string[], options: RunOptions): Running {
  return startProgram(process.execPath, [binFile(name), ...args], options)
}

/** @throws an Error when it has not been built */
export function binFile(name: BinName): string {
  const file = join(ROOT, 'dist', 'bin', `${name}.js`)
  if (!existsSync(file)) throw new Error(`dist/bin/${name}.js is missing. Build it first: npm run build`)
  return file
}

/** @throws an Error with the output so far when it has not ended within `timeoutMs` (30 s); then it is killed */
export async function runProgram(
  command: string,
  args: readonly string[],
  { timeoutMs = 30_000, ...options }: RunOptions & { readonly timeoutMs?: number },
): Promise<Ended> {
  const running = startProgram(command, args, options)
  const tooLate = sleep(timeoutMs, undefined, { ref: false })
  const ended = await Promise.race([running.exited, tooLate])
  if (ended !== undefined) return ended
  await running.killTree()
  const { stdout, stderr } = running
  throw new Error(`${[command, ...args].join(' ')} did not end within ${timeoutMs} ms. Output:\n${stdout}${stderr}`)
}

export function startProgram(
  command: string,
  args: readonly string[],
  { cwd, env = {}, stdin = '', t }: RunOptions,
): Running {
  const mark = randomBytes(8).toString('hex')
  const child = spawn(command, args, { cwd, env: { ...cleanEnvironment(), ...env, [TREE_MARK]: mark }, detached: true })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes))
  child.stdin.on('error', () => {}) // it left without reading
  child.stdin.end(stdin)

  const exited = new Promise<Ended>((done, failed) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void =>
      done({ code, signal, stdout: text(stdout), stderr: text(stderr) })
    child.once('error', failed)
    child.once('close', end)
    child.once('exit', (code, signal) => setTimeout(end, HELD_PIPES_LIMIT_MS, code, signal).unref())
  })
  exited.catch(() => {}) // told to whoever awaits it

  async function killTree(): Promise<void> {
    child.kill('SIGKILL')
    await killMarked(TREE_MARK, mark)
    await exited.catch(() => {})
  }
  if (t !== undefined) afterwards(t, killTree)

  return {
    pid: child.pid ?? 0,
    get stdout() {
      return text(stdout)
    },
    get stderr() {
      return text(stderr)
    },
    exited,
    kill: (signal = 'SIGTERM') => {
      child.kill(signal)
    },
    killTree,
  }
}

/** As bare as cron's, but with this node first in PATH, and with what the test run recognises its own by. */
export function cleanEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  }
  for (const name of ['HOME', 'TMPDIR', RUN_MARK]) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Asks until the answer is truthy and returns it.
 *
 * @param what  completes the failure's sentence "Waited 10000 ms in vain for …"
 * @throws at once what `condition` throws
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, what }: { readonly timeoutMs?: number; readonly what: string },
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await condition()
    if (answer) return answer
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`)
    await sleep(POLL_MS)
  }
}

/** A project directory as a user has one, removed when the test ends. */
export function makeProject(t: TestContext, { tasks = {}, schedule, packageType, env }: ProjectOptions = {}): Project {
  const directory = temporaryDirectory(t)
  const path = (...parts: string[]): string => join(directory, ...parts)

  mkdirSync(path('tasks'))
  for (const [name, given] of Object.entries(tasks)) {
    const task = typeof given === 'string' ? { text: given } : given
    writeFileSync(path('tasks', name), task.text)
    chmodSync(path('tasks', name), task.mode ?? (/^#!/.test(task.text) || name.endsWith('.sh') ? 0o755 : 0o644))
  }
  if (packageType !== undefined) writeFileSync(path('package.json'), JSON.stringify({ type: packageType }))
  if (env !== undefined) writeFileSync(path('.env'), Object.entries(env).map(envLine).join(''))
  if (schedule !== undefined) {
    writeFileSync(path('schedule.ts'), schedule)
    mkdirSync(path('node_modules'))
    symlinkSync(ROOT, path('node_modules', 'cron-mission'))
  }
  return { directory, path, lines: (file) => linesOf(path(file)) }
}

function envLine([name, value]: [string, string]): string {
  return /^[\w./:@%+,-]*$/.test(value) ? `${name}=${value}\n` : `${name}='${value}'\n`
}

function linesOf(file: string): string[] {
  if (!existsSync(file)) return []
  const content = readFileSync(file, 'utf8')
  return content === '' ? [] : content.replace(/\n$/, '').split('\n')
}
