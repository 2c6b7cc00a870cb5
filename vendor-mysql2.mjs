/**
 * dist/vendor/mysql2.js: mysql2, with kept code; for each command its own, because each uses other parts of it.
 */
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { loadKept } from './kept-code.mjs'

/** Node's own modules need no resolving. */
function requireFromHere(name) {
  return process.getBuiltinModule(name) ?? createRequire(import.meta.url)(name)
}

const USE = basename(process.argv[1] ?? 'node', '.js')

export default loadKept(join(import.meta.dirname, 'mysql2.cjs'), [USE], () => USE, requireFromHere)
