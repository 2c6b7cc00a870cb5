/**
 * The verbs of `queuectl` that change tasks.
 */
import { SWITCH, type Verb } from '../../verb.ts'

const OPTIONS = {
  'dry-run': { ...SWITCH, describe: 'Say what would be changed, and change nothing' },
} as const

const EXITS = 'Exits 1 when a task that was named is not as asked afterwards.'

export const CHANGES: readonly Verb[] = [
  {
    usage: 'retry [id…]',
    describe: 'Run tasks again that failed, were cancelled or are done; scheduled ones at once',
    more: `A finished task begins anew, with all its attempts. A scheduled one keeps what it has used up and only waits no longer. A unique value was freed when the task finished, and stays free. ${EXITS}`,
    words: true,
    options: {
      'drop-expiry': { ...SWITCH, describe: 'Also what has expired: its time to expire is cleared' },
      ...OPTIONS,
    },
    examples: [
      ['$0 retry 17', 'task 17 once more'],
      ['$0 retry 100-120 --dry-run', 'what would run again'],
    ],
    load: async () => ({ run: (await import('./change.ts')).retry }),
  },
  {
    usage: 'cancel [id…]',
    describe: 'Cancel tasks; those that run are stopped',
    more: `The worker of a running one asks its program to stop, within a second or two, and books it as cancelled then. ${EXITS}`,
    words: true,
    options: OPTIONS,
    examples: [['$0 cancel 17 100-120', 'task 17, and those there are from 100 to 120']],
    load: async () => ({ run: (await import('./change.ts')).cancel }),
  },
  {
    usage: 'hold [id…]',
    describe: 'Keep waiting tasks back until they are released',
    more: `Later tasks of the same key wait with them. ${EXITS}`,
    words: true,
    options: OPTIONS,
    examples: [['$0 hold 17', 'do not start task 17 for now']],
    load: async () => ({ run: (await import('./change.ts')).hold }),
  },
  {
    usage: 'release [id…]',
    describe: 'Let held tasks go on',
    more: `They wait again, for a worker or for their time. What they had tried still counts. ${EXITS}`,
    words: true,
    options: OPTIONS,
    examples: [['$0 release 17', 'task 17 may be started again']],
    load: async () => ({ run: (await import('./change.ts')).release }),
  },
]
