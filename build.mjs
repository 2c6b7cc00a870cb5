/**
 * `npm run build`: the commands and the library into dist/, bundled, with source maps and types.
 *
 * Cron starts these commands every minute. Bundled, they load a few files instead of several hundred, and what a run does
 * not need (the MySQL driver for a SQLite queue, say) stays in a chunk that is not read. `npm run bench -- tick` shows what
 * that is worth.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname } from 'node:path'
import { build } from 'esbuild'
import { asFunction, bundleMysql2 } from './bundle-mysql2.mjs'

/** Those that cron starts, with a quick part that is loaded with kept code. */
const QUICK_COMMANDS = ['cron-mission', 'do-queue']
const COMMANDS = [...QUICK_COMMANDS, 'add-task', 'queuectl']

/**
 * Two things of which yargs has no need when it is used as it is here. It measures the width of text with tables of every
 * emoji, which are made whenever a command starts and cost more than all else that yargs does; ours speak ASCII, whose
 * characters are one column wide. And it loads Node's assertions, which it asks once in a while.
 */
const YARGS_PARTS = {
  'string-width': `import { stripVTControlCharacters } from 'node:util'
    export default (text) => stripVTControlCharacters(text).length`,
  assert: `const assert = (name) => (...values) => process.getBuiltinModule('node:assert')[name](...values)
    export const strictEqual = assert('strictEqual')
    export const notStrictEqual = assert('notStrictEqual')`,
}
const plainYargs = {
  name: 'plain-yargs',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:string-width|assert)$/ }, ({ path, importer }) =>
      path === 'string-width' || /[\\/]yargs[\\/]/.test(importer) ? { path, namespace: 'plain-yargs' } : undefined,
    )
    onLoad({ filter: /./, namespace: 'plain-yargs' }, ({ path }) => ({ contents: YARGS_PARTS[path] }))
  },
}

/**
 * An `import` of one of Node's own modules makes Node touch everything that module exports, and with it load what stands
 * behind: that of `node:fs` or `node:util` costs a sixth of a bare Node. Asked for by a call, only what is used is loaded.
 * A Node that is too old has no such call, and has to come as far as to say so.
 */
const BUILTIN_IMPORT = /\bimport\s*(\*\s*as\s+[\w$]+|[\w$]+|(?:[\w$]+\s*,\s*)?\{[^}]*\})\s*from\s*"([\w:/]+)";/g

function callForBuiltins(text) {
  const direct = text.replace(BUILTIN_IMPORT, (statement, names, module) => {
    if (!isBuiltin(module)) return statement
    const [, whole, some] = /^(?:(?:\*\s*as\s+)?([\w$]+))?(?:\s*,\s*)?(\{[^}]*\})?$/.exec(names)
    const parts = [whole, some?.replaceAll(/\s+as\s+/g, ':')].filter((part) => part !== undefined)
    return parts.map((part) => `const ${part}=process.getBuiltinModule?.("${module}")??{};`).join('')
  })
  // CommonJS packages in the bundle ask for Node's own modules with `require`.
  if (!/\btypeof require\b|\brequire\(/.test(direct)) return direct
  const requires =
    "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);"
  return direct.replace(/^(#!.*\n)?/, `$1${requires} `)
}

/** Modules that are files of their own in dist/, by what imports call them: where these are, from a directory of dist/. */
function elsewhere(places) {
  return {
    name: 'elsewhere',
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ path, kind }) => {
        const place = kind === 'entry-point' ? undefined : places[path]
        return place === undefined ? undefined : { path: place, external: true }
      })
    },
  }
}

// Cron may start a command at any moment: what is there stays until what replaces it is whole.
const fresh = `dist.${process.pid}`
const stale = `${fresh}.old`
process.on('exit', () => {
  for (const path of [fresh, stale]) rmSync(path, { recursive: true, force: true })
})

async function bundle(entryPoints, plugins, options) {
  const { outputFiles } = await build({
    entryPoints,
    outdir: fresh,
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'linked',
    plugins,
    logLevel: 'warning',
    ...options,
  })
  for (const { path, text, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, path.endsWith('.js') ? finished(text, options) : contents)
  }
}

/** What a quick part loads later, its launcher loads for it. */
function finished(text, { format, banner }) {
  if (format !== 'cjs') return callForBuiltins(text)
  return banner === undefined ? text : text.replaceAll(/\bimport\((?="\.)/g, 'loadLater__(')
}

/**
 * execa is a script that `kept-code.mjs` loads: only do-queue has it. The Redis client is found where it is installed, if it is.
 */
const PACKAGES = {
  ...{ mysql2: '../vendor/mysql2.js', yargs: '../vendor/yargs.js', execa: '../vendor/execa.cjs' },
  '@redis/client': '@redis/client',
}
await bundleMysql2(bundle, 'vendor')
await bundle({ 'vendor/yargs': 'yargs' }, [plainYargs], {})
await bundle({ 'vendor/execa': 'execa' }, [], {
  ...{ format: 'cjs', outExtension: { '.js': '.cjs' }, minify: true, sourcemap: false },
  ...asFunction,
})

await bundle(
  {
    index: 'src/index.ts',
    'command/cron-mission': 'src/bin/command/cron-mission/cron-mission.ts',
    'command/add-task': 'src/bin/command/add-task.ts',
    'command/queuectl': 'src/bin/command/queuectl/queuectl.ts',
  },
  [elsewhere(PACKAGES)],
  { splitting: true, chunkNames: 'chunks/[name]-[hash]' },
)
await bundle(
  {
    // Started by its file, as a thread of its own: see schedule-thread.ts, which says where it is.
    'thread/thread-entry': 'src/schedule/language/thread-entry.ts',
    'command/command-line': 'src/bin/command-line.ts',
  },
  [elsewhere(PACKAGES)],
  {},
)
// CommonJS starts sooner than an ES module, and its `require` of Node's own modules touches nothing.
const asCommonJs = {
  format: 'cjs',
  define: { 'import.meta.filename': '__filename', 'import.meta.dirname': '__dirname' },
  logOverride: { 'empty-import-meta': 'silent' },
}
// What cron starts every minute is one file each: every further one would cost a hundredth of a bare Node.
await bundle(
  {
    'command/tick': 'src/bin/command/cron-mission/tick.ts',
    'command/do-queue': 'src/bin/command/do-queue.ts',
  },
  [elsewhere({ ...PACKAGES, '../command-line.ts': '../command/command-line.js' })],
  {
    ...asCommonJs,
    ...asFunction,
    define: { ...asCommonJs.define, 'import.meta.url': 'importMetaUrl' },
    inject: ['./import-meta-url.mjs'],
  },
)
const LOADED_LATER = {
  ...Object.fromEntries(COMMANDS.map((name) => [`./command/${name}.ts`, `../command/${name}.js`])),
  './command/cron-mission/cron-mission.ts': '../command/cron-mission.js',
  './command/cron-mission/tick.ts': '../command/tick.js',
  './command/queuectl/queuectl.ts': '../command/queuectl.js',
}
await bundle(
  Object.fromEntries(QUICK_COMMANDS.map((name) => [`quick/${name}`, `src/bin/${name}.ts`])),
  [elsewhere({ ...PACKAGES, ...LOADED_LATER })],
  { ...asCommonJs, ...asFunction, minify: true },
)
await bundle(
  Object.fromEntries(
    COMMANDS.map((name) => [`bin/${name}`, QUICK_COMMANDS.includes(name) ? './launch.mjs' : `src/bin/${name}.ts`]),
  ),
  [elsewhere({ ...PACKAGES, ...LOADED_LATER })],
  { ...asCommonJs, minify: true },
)
writeFileSync(`${fresh}/bin/package.json`, '{ "type": "commonjs" }\n')
for (const name of COMMANDS) chmodSync(`${fresh}/bin/${name}.js`, 0o755)
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', fresh], { stdio: 'inherit' })
if (existsSync('dist')) renameSync('dist', stale)
renameSync(fresh, 'dist')
