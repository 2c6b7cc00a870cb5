/**
 * One run of tests: on a database server of its own, and nothing is left of it afterwards.
 *
 * Everything lives in one directory and carries one mark in its environment, so what a test left can be named, and so
 * that two runs at a time never mistake the other's things for their own.
 */

import { randomBytes } from 'node:crypto'
import { chmodSync, type Dirent, existsSync, readdirSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Complaint, EXIT } from '../../src/exit.ts'
import { makeDirectory } from './cleanup.ts'
import { dropDatabasesOf } from './databases.ts'
import { type Keeper, type Kept, keep } from './keeper.ts'
import { answers, startMariadb } from './mariadb.ts'
import { killMarked, markedProcesses, RUN_MARK } from './marked.ts'
import { canInstallServer, findServer, INSTALL_COMMAND, installServer } from './server-program.ts'

export interface TestRun {
  /** What is run when neither files nor folders are given: globs from the root. */
  readonly files: readonly string[]
  /** Files at once. */
  readonly atOnce: number
  /** Of one test; Node 22 applies it to a whole file as well. */
  readonly timeoutMs: number
  /**
   * Sees to the programs that the tests need.
   *
   * @returns what is left out for want of one, said before and after the tests
   * @throws  a Complaint when there is nothing to run without it
   */
  readonly prepare: () => Promise<readonly string[]>
}

/** Where the tests for MySQL and MariaDB run, or what to tell when nowhere. */
type MysqlHalf = MysqlThere | { readonly kind: 'skipped'; readonly notice: string }

interface MysqlThere {
  readonly kind: 'there'
  readonly url: string
  readonly stop: () => Promise<void>
}

const ROOT = resolve(import.meta.dirname, '../..')
const STOP_GRACE_MS = 3_000
const LEAK_GRACE_MS = 5_000
const NODES_OWN_CACHE = 'node-compile-cache'
const MARK = randomBytes(8).toString('hex')

/**
 * Decides which databases the tests run on, runs them, and makes sure that nothing is left.
 *
 * @param args  files, folders, globs, options of `node --test`; all else is a pattern of test names
 * @returns the exit code; what went wrong is said on stderr
 */
export async function runTests(args: readonly string[], run: TestRun): Promise<number> {
  try {
    return await runInOwnDirectory(args, run)
  } catch (error) {
    console.error(sentence(error))
    return error instanceof Complaint ? error.exitCode : EXIT.internal
  }
}

async function runInOwnDirectory(args: readonly string[], run: TestRun): Promise<number> {
  refuseOldNode()
  const testArguments = readArguments(args, run)
  const directory = ownDirectory()
  const keeper = keep(directory)
  process.env.TMPDIR = directory
  process.env[RUN_MARK] = MARK
  const stopLeavingAtOnce = onSignals((signal) => process.exit(signalCode(signal))) // the keepers clean up
  try {
    const unprepared = await run.prepare()
    const mysql = await decideMysql()
    const notices = [...(mysql.kind === 'skipped' ? [mysql.notice] : []), ...unprepared]
    for (const notice of notices) console.log(notice)
    stopLeavingAtOnce()
    const { code, wasInterrupted } = await runNode(keeper, directory, testArguments, mysql)
    const databases = mysql.kind === 'there' ? await endMysql(mysql) : []
    const isClean = wasInterrupted || (await nothingIsLeft(directory, databases))
    for (const notice of notices) console.log(notice)
    return code === 0 && !isClean ? 1 : code
  } finally {
    await killMarked(RUN_MARK, MARK)
    await keeper.close()
  }
}

function refuseOldNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return
  throw new Complaint(
    EXIT.badConfig,
    `This is Node ${process.versions.node}; the tests need 22.18 or later. Run them with npm test, which brings its own.`,
  )
}

/** Files are what exists or looks like a path; options go on as they are; all else is a pattern of test names. */
function readArguments(args: readonly string[], run: TestRun): string[] {
  const options: string[] = []
  const files: string[] = []
  for (const arg of args) {
    if (arg.startsWith('-')) options.push(arg)
    else if (existsSync(arg))
      files.push(statSync(arg).isDirectory() ? join(resolve(arg), '**/*.test.ts') : resolve(arg))
    else if (arg.includes('*')) files.push(resolve(arg))
    else if (arg.endsWith('.ts')) throw new Complaint(EXIT.usage, `${arg} does not exist. Give a test file or a name.`)
    else options.push(`--test-name-pattern=${arg}`)
  }
  const limits = [`--test-concurrency=${run.atOnce}`, `--test-timeout=${run.timeoutMs}`]
  return [...limits, ...options, ...(files.length > 0 ? files : run.files.map((glob) => join(ROOT, glob)))]
}

/** The database server runs as another user and must get through. */
function ownDirectory(): string {
  const directory = makeDirectory()
  chmodSync(directory, 0o711)
  return directory
}

async function decideMysql(): Promise<MysqlHalf> {
  const given = process.env.TEST_MYSQL_URL
  if (given !== undefined && given !== '') return useGivenServer(given)
  if (findServer() === undefined) {
    if (!canInstallServer()) return skipped('no mariadbd or mysqld was found', remedy())
    try {
      await installServer()
    } catch (error) {
      return skipped(`apt-get could not install the server (${lastLine(error)})`, INSTALL_COMMAND)
    }
  }
  const server = await startMariadb()
  console.log(`MySQL half: ${findServer()} on ${server.url}, for this run only.`)
  return { kind: 'there', url: server.url, stop: server.stop }
}

async function useGivenServer(url: string): Promise<MysqlHalf> {
  const host = URL.canParse(url) ? new URL(url).host : url
  if (!(await answers(url))) {
    throw new Complaint(
      EXIT.unavailable,
      `TEST_MYSQL_URL names the server ${host}, which does not let us in. Start it, correct the URL, or unset it.`,
    )
  }
  console.log(`MySQL half: the server ${host} of TEST_MYSQL_URL.`)
  return { kind: 'there', url, stop: async () => {} }
}

function skipped(why: string, command: string): MysqlHalf {
  return { kind: 'skipped', notice: `MySQL half SKIPPED: ${why}. To run it: ${command}` }
}

function remedy(): string {
  return existsSync('/usr/bin/apt-get')
    ? `sudo ${INSTALL_COMMAND}`
    : 'TEST_MYSQL_URL=mysql://user:password@host:3306 npm test'
}

async function runNode(
  keeper: Keeper,
  directory: string,
  testArguments: readonly string[],
  mysql: MysqlHalf,
): Promise<{ code: number; wasInterrupted: boolean }> {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env // reading certificates slows down every start of node
  env.NODE_COMPILE_CACHE = join(directory, NODES_OWN_CACHE) // most files load the same modules, and each would compile them
  if (mysql.kind === 'there') env.TEST_MYSQL_URL = mysql.url
  const args = ['--test', '--test-reporter=spec', ...testArguments]
  const tests = keeper.start(process.execPath, args, { output: 'inherit', cwd: ROOT, env })

  let interruptedBy: NodeJS.Signals | undefined
  const forget = onSignals((signal) => {
    interruptedBy = signal
    stopGroup(tests)
  })
  const exit = await tests.exited
  forget()
  const signal = interruptedBy ?? exit.signal
  return { code: signal === null ? (exit.code ?? EXIT.internal) : signalCode(signal), wasInterrupted: signal !== null }
}

function stopGroup({ pid, child }: Kept): void {
  process.kill(-pid, 'SIGTERM')
  setTimeout(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL')
  }, STOP_GRACE_MS).unref()
}

/** @returns the databases that tests had left on the server, which it is rid of now */
async function endMysql({ url, stop }: MysqlThere): Promise<string[]> {
  try {
    return await dropDatabasesOf(MARK, url)
  } finally {
    await stop()
  }
}

/** @returns whether all is gone; what is not is named on stderr */
async function nothingIsLeft(directory: string, databases: readonly string[]): Promise<boolean> {
  const deadline = Date.now() + LEAK_GRACE_MS // what was just killed may take a moment to go
  while (leftovers(directory).length > 0 && Date.now() < deadline) await sleep(50)
  const left = [...leftovers(directory), ...databases.map((name) => `database ${name}`)]
  if (left.length === 0) return true
  console.error(`The tests left behind: ${left.join('; ')}. A test ends and removes in t.after what it made.`)
  return false
}

function leftovers(directory: string): string[] {
  const processes = markedProcesses(RUN_MARK, MARK).map(({ pid, command }) => `process ${pid} (${command})`)
  const entries = readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => name !== NODES_OWN_CACHE)
    .map((entry) => (entry.isDirectory() ? `directory ${entry.name} (${contentOf(entry)})` : `file ${entry.name}`))
  return [...processes, ...entries]
}

function contentOf({ parentPath, name }: Dirent): string {
  return readdirSync(join(parentPath, name)).join(', ') || 'empty'
}

/** @returns what ends listening */
function onSignals(act: (signal: NodeJS.Signals) => void): () => void {
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, act)
  return () => {
    for (const signal of signals) process.off(signal, act)
  }
}

function signalCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return process.env.DEBUG === undefined ? error.message : (error.stack ?? error.message)
}

function lastLine(error: unknown): string {
  return sentence(error).trimEnd().split('\n').at(-1) ?? ''
}
