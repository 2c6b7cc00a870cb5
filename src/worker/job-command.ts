/**
 * The command of a job: what a worker that was started for it runs for every task that it claims.
 *
 * It came by the worker's own command line, so a row decides when it runs and never what. No shell reads its words: the first
 * one names a file, as it is or found by PATH, and is looked up anew for every run, because a deploy may replace it.
 */
import { constants, statSync } from 'node:fs'
import { delimiter, extname, join, resolve } from 'node:path'
import { hasShebang, INTERPRETERS, may, type Resolution, type Unstartable, unstartable } from './program.ts'

export class JobCommand {
  readonly #words: readonly [string, ...string[]]
  readonly #directory: string
  readonly #isThere: boolean
  readonly #searched: string

  /**
   * @param directory  where the command finds itself, and relative paths begin: the project's, or the job's own
   * @param searched   the value of PATH
   */
  constructor(words: readonly [string, ...string[]], directory: string, searched: string) {
    this.#words = words
    this.#directory = directory
    this.#searched = searched
    this.#isThere = isDirectory(directory)
  }

  /** Where a runner is to be started for it; undefined where that cannot be, and nothing will be run. */
  get directory(): string | undefined {
    return this.#isThere ? this.#directory : undefined
  }

  resolve(): Resolution {
    if (!this.#isThere)
      return unstartable(`there is no directory ${this.#directory}, where the command is to run`, false)
    const [name, ...rest] = this.#words
    if (!name.includes('/')) return this.#find(name, rest)
    const problem = obstacle(name, resolve(this.#directory, name))
    return problem ?? { kind: 'program', command: this.#words }
  }

  /** The shell is told the whole path: a bare `echo` or `exit` would be the shell's own. */
  #find(name: string, rest: readonly string[]): Resolution {
    const folders = this.#searched.split(delimiter).map((folder) => resolve(this.#directory, folder))
    const path = folders.map((folder) => join(folder, name)).find((path) => isFile(path) && may(path, constants.X_OK))
    if (path !== undefined) return { kind: 'program', command: [path, ...rest] }
    const hint = isFile(join(this.#directory, name)) ? `; write ./${name} for the file in the project directory` : ''
    return unstartable(`the command ${name} is in none of the directories of PATH, ${this.#searched}${hint}`, false)
  }
}

/** Why a file cannot be run. */
function obstacle(name: string, path: string): Unstartable | undefined {
  const interpreter = INTERPRETERS[extname(path)]?.[0]
  const orName = interpreter === undefined ? '' : `, or name its interpreter before it: ["${interpreter}", "${name}"]`
  if (!exists(path)) return unstartable(`there is no command ${path}`, false)
  if (!isFile(path)) return unstartable(`the command ${path} is not a file`, false)
  if (!may(path, constants.X_OK)) {
    return unstartable(`the command ${path} is not executable: run chmod +x on it${orName}`, false)
  }
  if (interpreter !== undefined && interpreter !== 'sh' && !hasShebang(path)) {
    return unstartable(`the command ${path} does not begin with #!: give it such a line${orName}`, false)
  }
  return undefined
}

function exists(path: string): boolean {
  return may(path, constants.F_OK)
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
