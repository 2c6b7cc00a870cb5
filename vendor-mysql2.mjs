/**
 * dist/vendor/mysql2.js: loads mysql2, with the code that V8 made of it the last time.
 *
 * Node's compile cache keeps what is compiled before anything runs, and in a bundle that is next to nothing: the functions
 * are compiled when they are called. Kept when the program ends, they are all there, and loading takes a third. The code is
 * kept in the user's own directory, for each command its own; a file of another user's is not believed.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { Script } from 'node:vm'

const MODULE = join(import.meta.dirname, 'mysql2.cjs')
const DIRECTORY = join(homedir(), '.cache', 'cron-mission')

/** The file's name says of what, and for whom, the code is; V8 itself looks at its version and flags. */
const { size, mtimeMs } = statSync(MODULE)
const KIND = `mysql2-${basename(process.argv[1] ?? 'node', '.js')}-`
const FILE = join(DIRECTORY, `${KIND}${process.version}-${process.arch}-${size}-${mtimeMs}`)

const kept = readKept()
const text = `(function (exports, require, module) {${readFileSync(MODULE, 'utf8')}\n})`
const script = new Script(text, { filename: MODULE, ...(kept === undefined ? {} : { cachedData: kept }) })
const module = { exports: {} }
script.runInThisContext()(module.exports, requireFromHere, module)
if (kept === undefined || script.cachedDataRejected) process.once('exit', keep)

export default module.exports

/** Node's own modules need no resolving. */
function requireFromHere(name) {
  return process.getBuiltinModule(name) ?? createRequire(import.meta.url)(name)
}

function readKept() {
  let file
  try {
    file = openSync(FILE, 'r')
    return fstatSync(file).uid === process.getuid?.() ? readFileSync(file) : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Whole or not at all, also when the power fails: V8 trusts what it is given. */
function keep() {
  const unfinished = `${FILE}.${process.pid}`
  try {
    mkdirSync(DIRECTORY, { recursive: true, mode: 0o700 })
    const file = openSync(unfinished, 'wx', 0o600)
    writeFileSync(file, script.createCachedData())
    fsyncSync(file)
    closeSync(file)
    renameSync(unfinished, FILE)
    const old = readdirSync(DIRECTORY).filter((name) => name.startsWith(KIND) && name !== basename(FILE))
    for (const name of old) rmSync(join(DIRECTORY, name), { force: true })
  } catch {
    // it is compiled anew the next time
  }
}
