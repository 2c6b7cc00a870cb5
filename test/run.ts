/**
 * `npm test`: everything but the recipes, on SQLite and on a MariaDB of its own.
 *
 *     npm test                                      everything
 *     npm test -- test/queue/params.test.ts         these files, folders or globs
 *     npm test -- 'a stale result'                  tests whose name matches
 *     npm test -- --test-reporter=dot               options of `node --test` are passed on
 */

import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { needTerminal } from './helpers/server-program.ts'
import { runTests } from './helpers/test-run.ts'

/** Takes minutes, and more programs than these: `npm run test:recipes`. */
const APART = 'recipes'

process.exitCode = await runTests(process.argv.slice(2), {
  files: ['test/*.test.ts', ...folders().map((name) => `test/${name}/**/*.test.ts`)],
  atOnce: availableParallelism() + 1, // many files wait for something, for most of their time
  timeoutMs: 120_000,
  async prepare() {
    const noTerminal = await needTerminal()
    return noTerminal === undefined ? [] : [`Tests on a terminal SKIPPED: ${noTerminal}`]
  },
})

function folders(): string[] {
  const entries = readdirSync(import.meta.dirname, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory() && entry.name !== APART).map(({ name }) => name)
}
