/**
 * The verbs of `queuectl` that look at tasks and change nothing.
 */
import { SWITCH, TEXT, type Verb } from '../../verb.ts'
import { FILTERS } from './filter-flags.ts'

const ONE_TASK = { type: 'string', describe: 'Id of a task' } as const
const SURPLUS = 'One task at a time.'

export const LOOKS: readonly Verb[] = [
  {
    usage: 'show <id>',
    describe: 'Show every fact of a task, its attempts so far, and when the next ones are',
    more: 'The times of attempts to come are computed from its list of delays, as if each failed at once.',
    surplus: SURPLUS,
    positionals: { id: ONE_TASK },
    examples: [['$0 show 17', 'how task 17 stands']],
    exits: [[65, 'there is no such task']],
    load: async () => ({ run: (await import('./show.ts')).show }),
  },
  {
    usage: 'list',
    describe: 'List tasks, the newest first',
    more: 'Every filter narrows it; without any it is the last tasks that were added. Where more tasks match than fit on a page, the last line says how to go on. On a terminal it is a table as wide as the window; in a pipe its columns are whole, with tabs between them.',
    options: {
      ...FILTERS,
      oldest: { ...SWITCH, describe: 'The oldest first' },
      limit: { ...TEXT, describe: 'So many at most, 1 to 1,000 [default: 20]' },
      before: { ...TEXT, describe: 'Below this id: the next page' },
      after: { ...TEXT, describe: 'Above this id: the next page with --oldest' },
      'max-time': { ...TEXT, describe: 'Look for so long at most, where no index helps [default: 100ms]' },
    },
    examples: [
      ['$0 list --status failed --finished-since 1h', 'what failed in the last hour'],
      ["$0 list --queue mail --status ready,scheduled --param 'uid=4'", 'what waits for one customer'],
      ['$0 list --status running --oldest --json', 'one JSON object a line, for a script'],
    ],
    load: async () => ({ run: (await import('./list.ts')).list }),
  },
]
