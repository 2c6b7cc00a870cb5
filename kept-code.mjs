/**
 * Loads a script of dist/ with the code that V8 made of it the last time.
 *
 * Node's compile cache keeps what is compiled before anything runs, and in a bundle that is next to nothing: the functions
 * are compiled when they are called. Kept when the program ends, they are all there, and loading takes a third. The code is
 * kept in the user's own directory; a file of another user's is not believed. Where it cannot be written, everything is
 * compiled as it always was.
 *
 * Such a script is one function of its surroundings, `(exports, require, module, __filename, loadLater__)`, in ASCII.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { Script } from 'node:vm'
import { makeOwnCache, ownCache } from './src/host/own-cache.ts'

const OLD_MS = 30 * 86_400_000

/** Two bundles of one process load the same script once. */
const LOADED = Symbol.for('cron-mission.loaded')

/**
 * @param file     the script, absolute
 * @param uses     what it is loaded for: for each use, other functions of it are called, and other code is kept. The code of the
 *                 first one of which there is any is taken; none of one of which nothing is kept
 * @param useOfRun asked when the program ends: which of the uses it was, or undefined when the run is not one to go by. Its code
 *                 is kept when that is a better one than was there
 * @param require  for Node's own modules, and what stands beside the script
 * @param load     for everything that is loaded later
 * @returns what it exports
 */
export function loadKept(file, uses, useOfRun, require, load) {
  globalThis[LOADED] ??= new Map()
  const known = globalThis[LOADED].get(file)
  if (known !== undefined) return known.exports
  const name = basename(file).replace(/\.c?js$/, '')
  const kinds = uses.map((use) => `${name}-${use}-`)
  const places = kinds.map((kind) => placeOf(file, kind))
  let taken = 0
  let kept = readKept(places[taken])
  while (kept === undefined && taken < places.length) kept = readKept(places[++taken])
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: kept })
  const module = { exports: {} }
  globalThis[LOADED].set(file, module)
  script.runInThisContext()(module.exports, require, module, file, load)
  process.once('exit', () => {
    const use = uses.indexOf(useOfRun())
    if (places[use] !== undefined && (use < taken || script.cachedDataRejected)) keep(script, places[use], kinds[use])
  })
  return module.exports
}

/**
 * The name says of what, and for whom, the code is; V8 itself looks at its version and flags.
 *
 * @returns undefined for a user without a home
 */
function placeOf(file, kind) {
  const { size, mtimeMs } = statSync(file)
  try {
    return join(ownCache(), `${kind}${process.version}-${process.arch}-${size}-${mtimeMs}`)
  } catch {
    return undefined
  }
}

function readKept(place) {
  if (place === undefined) return undefined
  let file
  try {
    file = openSync(place, 'r')
    return fstatSync(file).uid === process.getuid?.() ? readFileSync(file) : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Of another installation perhaps, which would keep its own again in the next minute. */
function isOld(place) {
  return Date.now() - statSync(place).mtimeMs > OLD_MS
}

/** Whole or not at all, also when the power fails: V8 trusts what it is given. */
function keep(script, place, kind) {
  const unfinished = `${place}.${process.pid}`
  try {
    const directory = makeOwnCache()
    const file = openSync(unfinished, 'wx', 0o600)
    writeFileSync(file, script.createCachedData())
    fsyncSync(file)
    closeSync(file)
    renameSync(unfinished, place)
    for (const name of readdirSync(directory)) {
      if (name.startsWith(kind) && isOld(join(directory, name))) rmSync(join(directory, name), { force: true })
    }
  } catch {
    // it is compiled anew the next time
  }
}
