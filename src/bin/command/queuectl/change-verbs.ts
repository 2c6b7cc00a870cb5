/**
 * The verbs of `queuectl` that change tasks, by id or by what stands in their rows.
 */
import { SWITCH, TEXT, type Verb } from '../../verb.ts'
import { FILTERS } from './filter-flags.ts'

const OPTIONS = {
  ...FILTERS,
  limit: { ...TEXT, describe: 'So many of these at most, the oldest first' },
  'dry-run': { ...SWITCH, describe: 'Say what would be changed, and change nothing' },
  yes: { ...SWITCH, describe: 'Do not ask' },
} as const

const ASKS = 'Filters ask first where there is a terminal; ids and filters together mean those of the ids that match.'
const EXITS = [
  [1, 'a task that was named by its id alone is not as asked afterwards'],
  [75, 'it was asked to stop, and left some'],
] as const

export const CHANGES: readonly Verb[] = [
  {
    usage: 'retry [id…]',
    describe: 'Run tasks again that failed, were cancelled or are done; scheduled ones at once',
    more: `A finished task begins anew, with all its attempts. A scheduled one keeps what it has used up and only waits no longer. A unique value was freed when the task finished, and stays free. A filter without --status means what failed or was cancelled. ${ASKS}`,
    words: true,
    options: {
      'drop-expiry': { ...SWITCH, describe: 'Also what has expired: its time to expire is cleared' },
      ...OPTIONS,
    },
    examples: [
      ['$0 retry 17', 'task 17 once more'],
      ["$0 retry --status failed --error 'timed out' --finished-since 2h", 'what failed of that, after asking'],
      ['$0 retry 100-120 --dry-run', 'what would run again'],
    ],
    exits: EXITS,
    load: async () => ({ run: (await import('./change.ts')).retry }),
  },
  {
    usage: 'cancel [id…]',
    describe: 'Cancel tasks; those that run are stopped',
    more: `The worker of a running one asks its program to stop, within a second or two, and books it as cancelled then. A filter without --status means what is ready, scheduled or held; --status running stops programs. ${ASKS}`,
    words: true,
    options: OPTIONS,
    examples: [
      ['$0 cancel 17 100-120', 'task 17, and those there are from 100 to 120'],
      ['$0 cancel --queue mail --task newsletter --status ready --dry-run', 'what that would change, and how many'],
    ],
    exits: EXITS,
    load: async () => ({ run: (await import('./change.ts')).cancel }),
  },
  {
    usage: 'hold [id…]',
    describe: 'Keep waiting tasks back until they are released',
    more: `Later tasks of the same key wait with them. A filter without --status means what is ready or scheduled. ${ASKS}`,
    words: true,
    options: OPTIONS,
    examples: [
      ['$0 hold 17', 'do not start task 17 for now'],
      ['$0 hold --key customer-4 --status ready,scheduled', 'all that waits for one customer'],
    ],
    exits: EXITS,
    load: async () => ({ run: (await import('./change.ts')).hold }),
  },
  {
    usage: 'release [id…]',
    describe: 'Let held tasks go on',
    more: `They wait again, for a worker or for their time. What they had tried still counts. What a pause of its program holds back is let go, too. ${ASKS}`,
    words: true,
    options: OPTIONS,
    examples: [
      ['$0 release 17', 'task 17 may be started again'],
      ['$0 release --task send-msg --limit 10', 'the ten oldest of these, to see whether it works'],
    ],
    exits: EXITS,
    load: async () => ({ run: (await import('./change.ts')).release }),
  },
]
