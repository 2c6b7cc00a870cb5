/**
 * `queuectl`: the operator's command; one verb, one file in ctl/.
 */
import { runMigrate } from '../../ctl/migrate.ts'
import { runShow } from '../../ctl/show.ts'
import { parseTaskId } from '../../ctl/task-ids.ts'
import { Complaint, EXIT } from '../../exit.ts'
import { openDatabase } from '../../queue/open-queue.ts'
import { openDriver } from '../../queue/url.ts'
import { nearestName } from '../../schedule/language/nearest-name.ts'
import { commandLine } from '../command-line.ts'
import { COMMON_FLAGS } from '../flags.ts'
import { readSettings, type SettingFlags } from '../settings.ts'
import { CHANGES, type ChangeFlags, runChangeCommand } from './queuectl-changes.ts'

const VERBS = ['show', ...Object.keys(CHANGES), 'migrate']

interface Flags extends SettingFlags {
  /** The verb, then what it is about. */
  readonly _: readonly (string | number)[]
  readonly json?: boolean | undefined
  readonly 'dry-run'?: boolean | undefined
}

/** yargs finds the verb and checks its flags; what is wrong afterwards is no matter of the command line. */
export async function main(args: string[]): Promise<number> {
  const chosen: { run?: () => Promise<number> } = {}
  const line = commandLine('queuectl', args, VERBS)
    .usage('$0 <command>\n\nLooks after the tasks of the queue. "$0 <command> --help" has more on each.')
    .options({ json: { type: 'boolean', describe: 'Print as JSON' }, ...COMMON_FLAGS })
    .command(
      'show',
      'Show every fact of a task, and when its next attempts are',
      (it) =>
        it
          .strict(false) // what is no flag is an id
          .strictOptions()
          .usage('$0 show <id>\n\nShows every fact of a task, its attempts so far, and when the next ones are.')
          .example('$0 show 17', 'how task 17 stands'),
      (flags) => {
        chosen.run = () => show(flags)
      },
    )
  for (const [verb, command] of Object.entries(CHANGES)) {
    const { describe, more, flags, examples } = command
    line.command(
      verb,
      describe,
      (it) =>
        it
          .strict(false)
          .strictOptions()
          .usage(`$0 ${verb} <id…>\n\n${describe}. ${more}\n\nExits 1 when a task is not as asked afterwards.`)
          .options({
            'dry-run': { type: 'boolean', describe: 'Say what would be changed, and change nothing' },
            ...flags,
          })
          .example(examples.map(([words, what]) => [`$0 ${verb} ${words}`, what])),
      (given) => {
        chosen.run = () => runChangeCommand(command, given as ChangeFlags)
      },
    )
  }
  await line
    .command(
      'migrate',
      'Make the queue tables, or bring them to the version of this program',
      (it) =>
        it
          .usage('$0 migrate\n\nMakes the queue tables, or brings them to the version of this program.')
          .options({ 'dry-run': { type: 'boolean', describe: 'Print the statements, and run none' } }),
      (flags) => {
        chosen.run = () => migrate(flags)
      },
    )
    .command(
      '$0',
      false,
      (it) => it.strict(false),
      (flags) => {
        chosen.run = () => refuseVerb(flags)
      },
    )
    .parseAsync()
  return chosen.run?.() ?? EXIT.ok
}

async function show(flags: Flags): Promise<number> {
  const [, word, another] = flags._.map(String)
  if (word === undefined || another !== undefined) throw new Complaint(EXIT.usage, 'Name one task: queuectl show 17.')
  const id = parseTaskId(word)
  const settings = readSettings(flags)
  const db = await openDatabase(settings.queueUrl, settings.directory)
  try {
    const { timezone: zone, retry, logsDirectory } = settings
    const print = flags.json === true ? 'json' : 'text'
    process.stdout.write(await runShow(db, id, { zone, retry, logsDirectory, print }))
    return EXIT.ok
  } finally {
    await db.close()
  }
}

async function migrate(flags: Flags): Promise<number> {
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

async function refuseVerb({ _: [verb] }: Flags): Promise<never> {
  const all = `${VERBS.slice(0, -1).join(', ')} or ${VERBS.at(-1)}`
  if (verb === undefined) throw new Complaint(EXIT.usage, `Name a command: ${all}.`)
  const nearest = nearestName(String(verb), VERBS)
  const instead = nearest === undefined ? `Use ${all}.` : `Did you mean ${nearest}? See "queuectl --help".`
  throw new Complaint(EXIT.usage, `"${verb}" is no command of queuectl. ${instead}`)
}
