/**
 * `queuectl`: the operator's command; one verb, one file in ctl/.
 */
import { runMigrate } from '../../ctl/migrate.ts'
import { EXIT } from '../../exit.ts'
import { openDriver } from '../../queue/url.ts'
import { COMMON_FLAGS, commandLine } from '../flags.ts'
import { readSettings } from '../settings.ts'

export async function main(args: string[]): Promise<number> {
  const flags = await commandLine('queuectl', args)
    .usage('$0 <command>')
    .command('migrate', 'Make the queue tables, or bring them to the version of this program')
    .options({
      'dry-run': { type: 'boolean', describe: 'Print the statements, and run none' },
      json: { type: 'boolean', describe: 'Print as JSON' },
      ...COMMON_FLAGS,
    })
    .demandCommand(1, 1, 'Name a command: migrate.', 'One command at a time.')
    .strictCommands()
    .parseAsync()
  const settings = readSettings(flags)
  const db = await openDriver(settings.queueUrl, settings.directory)
  try {
    const print = flags.json === true ? 'json' : 'text'
    process.stdout.write(await runMigrate(db, { dryRun: flags['dry-run'] === true, print }))
    return EXIT.ok
  } finally {
    await db.close()
  }
}
