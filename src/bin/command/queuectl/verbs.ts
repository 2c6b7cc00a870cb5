/**
 * The commands of `queuectl`, in the order in which `--help` shows them.
 */
import { SWITCH, type Verb } from '../../verb.ts'
import { CHANGES } from './change-verbs.ts'
import { LOOKS } from './look-verbs.ts'


export const VERBS: readonly Verb[] = [
  ...LOOKS,
  ...CHANGES,
  {
    usage: 'migrate',
    describe: 'Make the queue tables, or bring them to the version of this program',
    more: 'Each version is applied once, in order, and the command may be given again. A SQLite file gets its tables by itself.',
    options: { 'dry-run': { ...SWITCH, describe: 'Print the statements, and run none' } },
    examples: [['$0 migrate --dry-run', 'what it would run']],
    load: async () => ({ run: (await import('./migrate.ts')).runMigrateCommand }),
  },
]
