/**
 * The commands of `queuectl`, in the order in which `--help` shows them.
 */
import { SWITCH, type Verb } from '../../verb.ts'
import { CHANGES } from './change-verbs.ts'

export const VERBS: readonly Verb[] = [
  {
    usage: 'show <id>',
    describe: 'Show every fact of a task, its attempts so far, and when the next ones are',
    surplus: 'One task at a time.',
    positionals: { id: { type: 'string', describe: 'Id of a task' } },
    examples: [['$0 show 17', 'how task 17 stands']],
    load: async () => ({ run: (await import('./show.ts')).show }),
  },
  ...CHANGES,
  {
    usage: 'migrate',
    describe: 'Make the queue tables, or bring them to the version of this program',
    options: { 'dry-run': { ...SWITCH, describe: 'Print the statements, and run none' } },
    examples: [['$0 migrate --dry-run', 'what it would run']],
    load: async () => ({ run: (await import('./migrate.ts')).runMigrateCommand }),
  },
]
