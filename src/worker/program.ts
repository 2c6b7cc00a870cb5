/**
 * Which file a task names, and how it is started.
 *
 * A name is a file of the tasks directory: the exact name, or the only file with that stem, where `.warm` before the extension
 * says that its program serves many tasks in one process. After every symlink is
 * followed it must still be inside. An executable file with a `#!` line, or with no extension we
 * know, is run as it is; else its extension names the interpreter. No
 * shell ever sees the name but as one quoted word.
 */
import { accessSync, closeSync, constants, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs'
import { extname, join, parse, sep } from 'node:path'

export type Resolution = StartableProgram | Unstartable

export interface StartableProgram {
  readonly kind: 'program'
  /** Its words, without the parameter. */
  readonly command: readonly string[]
  /** There when it serves many tasks in one process. */
  readonly warm?: WarmFile
}

export interface WarmFile {
  /** In the tasks directory. */
  readonly name: string
  /** Another one when the file is another one, or was changed. */
  readonly version: string
}

export interface Unstartable {
  readonly kind: 'unstartable'
  readonly reason: string
  /** No later attempt can succeed either. */
  readonly final: boolean
}

/** By extension, for a file that cannot be run as it is. */
export const INTERPRETERS: Readonly<Record<string, readonly string[]>> = {
  '.js': [process.execPath],
  '.mjs': [process.execPath],
  '.cjs': [process.execPath],
  '.ts': [process.execPath],
  '.mts': [process.execPath],
  '.php': ['php'],
  '.py': ['python3'],
  '.rb': ['ruby'],
  '.pl': ['perl'],
  '.sh': ['sh'],
}

const WARM = '.warm'

/** A deploy may replace a program at any time; looking it up again for each of a thousand tasks a second is waste. */
const REMEMBERED_MS = 1_000

export class Programs {
  readonly #directory: string
  readonly #areWarm: boolean
  readonly #known = new Map<string, { resolution: Resolution; until: number }>()

  /** @param areWarm  every program serves many tasks in one process, whatever its name */
  constructor(directory: string, areWarm = false) {
    this.#directory = directory
    this.#areWarm = areWarm
  }

  resolve(task: string): Resolution {
    const now = performance.now()
    const known = this.#known.get(task)
    if (known !== undefined && known.until > now) return known.resolution
    const resolution = resolveProgram(this.#directory, task, this.#areWarm)
    this.#known.set(task, { resolution, until: now + REMEMBERED_MS })
    return resolution
  }
}

export function resolveProgram(directory: string, task: string, isWarm = false): Resolution {
  if (task === '' || task === '.' || task === '..' || task.includes('/') || task.includes('\0')) {
    return unstartable(`${JSON.stringify(task)} is not the name of a file in the tasks directory`, true)
  }
  let root: string
  let names: string[]
  try {
    root = realpathSync(directory)
    names = readdirSync(root)
  } catch (error) {
    return unstartable(`the tasks directory ${directory} cannot be read (${(error as { code?: string }).code})`, false)
  }
  const matches = names.includes(task)
    ? [task]
    : names.filter((name) => !name.startsWith('.') && stemsOf(name).includes(task))
  if (matches.length > 1)
    return unstartable(`${task} could be ${matches.toSorted().join(' or ')}: name the file with its extension`, false)
  const [name] = matches
  if (name === undefined) return unstartable(`there is no program ${task} in ${directory}`, false)
  const resolution = startable(root, name)
  if (resolution.kind === 'unstartable' || !(isWarm || isWarmName(name))) return resolution
  return { ...resolution, warm: { name, version: versionOf(join(root, name)) } }
}

/** `mail` and `mail.warm` are short for `mail.warm.php`. */
function stemsOf(name: string): string[] {
  const stem = parse(name).name
  return isWarmName(stem) ? [stem, parse(stem).name] : [stem]
}

/** `mail.warm.php`, or `mail.warm` where the file can be run as it is. */
function isWarmName(name: string): boolean {
  return extname(name) === WARM || extname(parse(name).name) === WARM
}

/** A deploy may take the file away at any moment: then the next look finds another one, or none. */
function versionOf(path: string): string {
  try {
    const { dev, ino, size, mtimeMs } = statSync(path)
    return `${realpathSync(path)} ${dev} ${ino} ${size} ${mtimeMs}`
  } catch {
    return 'gone'
  }
}

function startable(root: string, name: string): Resolution {
  let path: string
  try {
    path = realpathSync(join(root, name))
  } catch {
    return unstartable(`${name} is a link that leads nowhere`, false)
  }
  if (!path.startsWith(root + sep)) return unstartable(`${name} leads out of the tasks directory, to ${path}`, true)
  if (!statSync(path).isFile()) return unstartable(`${name} is not a file`, true)
  const interpreter = INTERPRETERS[extname(path)]
  // A script with the executable bit and no #! line would be read by the shell, whatever language it is in.
  if (may(path, constants.X_OK) && (interpreter === undefined || hasShebang(path)))
    return { kind: 'program', command: [path] }
  if (interpreter === undefined) {
    return unstartable(`${name} is not executable and its extension names no interpreter: run chmod +x on it`, false)
  }
  if (!may(path, constants.R_OK)) return unstartable(`${name} cannot be read by this user`, false)
  return { kind: 'program', command: [...interpreter, path] }
}

export function hasShebang(path: string): boolean {
  let fd: number | undefined
  try {
    fd = openSync(path, 'r')
    const head = Buffer.alloc(2)
    return readSync(fd, head, 0, 2, 0) === 2 && head.toString() === '#!'
  } catch {
    return true // it may be run though not read: the kernel will know
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

export function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

export function unstartable(reason: string, final: boolean): Unstartable {
  return { kind: 'unstartable', reason, final }
}
