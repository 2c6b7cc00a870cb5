/** `queuectl migrate`: makes the tables, or brings them to the version of this program. */
import { runMigrate } from '../../../ctl/migrate.ts'
import { EXIT } from '../../../exit.ts'
import { openDriver } from '../../../queue/url.ts'
import type { Settings } from '../../settings.ts'

export interface MigrateFlags {
  readonly 'dry-run'?: boolean | undefined
  readonly json?: boolean | undefined
}

export async function runMigrateCommand(flags: MigrateFlags, settings: Settings): Promise<number> {
  const db = await openDriver(settings.queueUrl, settings.directory)
  try {
    const print = flags.json === true ? 'json' : 'text'
    process.stdout.write(await runMigrate(db, { dryRun: flags['dry-run'] === true, print }))
    return EXIT.ok
  } finally {
    await db.close()
  }
}
