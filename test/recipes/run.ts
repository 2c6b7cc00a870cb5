/**
 * `npm run test:recipes`: the chapters of docs/recipes/, each tried against the real thing: MariaDB, Redis, PHP, cron, HTTP.
 *
 *     npm run test:recipes                                          all of them, minutes each
 *     npm run test:recipes -- test/recipes/order-sync.test.ts       this one
 *     npm run test:recipes -- 'in order per customer'               tests whose name matches
 *
 * The servers are started for this run, on free loopback ports, and are gone afterwards. A root on a Debian gets the
 * packages that are missing; anybody else is told their names.
 */

import { Complaint, EXIT } from '../../src/exit.ts'
import { needPrograms } from '../helpers/server-program.ts'
import { runTests } from '../helpers/test-run.ts'

process.exitCode = await runTests(process.argv.slice(2), {
  files: ['test/recipes/*.test.ts'],
  atOnce: 1, // each keeps the machine busy, and prints how long things took
  timeoutMs: 600_000,
  async prepare() {
    const missing = await needPrograms(['server', 'redis', 'php', 'cron', 'clock'], 'to try the recipes')
    if (missing !== undefined) throw new Complaint(EXIT.unavailable, missing)
    return []
  },
})
