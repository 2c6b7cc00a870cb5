/**
 * `npm run build`: the commands and the library into dist/, bundled, with source maps and types.
 *
 * Cron starts these commands every minute. Bundled, they load a few files instead of several hundred, and what a run does
 * not need (the MySQL driver for a SQLite queue, say) stays in a chunk that is not read.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

const COMMANDS = ['cron-mission', 'do-queue', 'add-task', 'queuectl']

/**
 * yargs measures the width of text with tables of every emoji, which are made whenever a command starts and cost more
 * than all else that yargs does. Ours speak ASCII, whose characters are one column wide.
 */
const plainWidth = {
  name: 'plain-width',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^string-width$/ }, ({ path }) => ({ path, namespace: 'plain-width' }))
    onLoad({ filter: /./, namespace: 'plain-width' }, () => ({
      contents: `import { stripVTControlCharacters } from 'node:util'
        export default (text) => stripVTControlCharacters(text).length`,
    }))
  },
}

// Cron may start a command at any moment: what is there stays until what replaces it is whole.
const fresh = `dist.${process.pid}`
const stale = `${fresh}.old`
process.on('exit', () => {
  for (const path of [fresh, stale]) rmSync(path, { recursive: true, force: true })
})
await build({
  entryPoints: {
    index: 'src/index.ts',
    ...Object.fromEntries(COMMANDS.map((name) => [`bin/${name}`, `src/bin/${name}.ts`])),
  },
  outdir: fresh,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'linked',
  // CommonJS packages in the bundle ask for Node's own modules with `require`.
  banner: {
    js: "import { createRequire as cronMissionRequire } from 'node:module'; const require = cronMissionRequire(import.meta.url);",
  },
  plugins: [plainWidth],
  logLevel: 'warning',
})
for (const name of COMMANDS) chmodSync(`${fresh}/bin/${name}.js`, 0o755)
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', fresh], { stdio: 'inherit' })
if (existsSync('dist')) renameSync('dist', stale)
renameSync(fresh, 'dist')
