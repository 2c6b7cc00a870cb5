/**
 * The verbs of `queuectl` that look at tasks and change nothing.
 */
import { SWITCH, TEXT, type Verb } from '../../verb.ts'
import { FILTERS } from './filter-flags.ts'

const ONE_TASK = { type: 'string', describe: 'Id of a task' } as const
const SURPLUS = 'One task at a time.'

export const LOOKS: readonly Verb[] = [
  {
    usage: 'why <id>',
    describe: 'Why a task has not run, or ended as it did: one sentence, then the facts',
    more: 'It looks where a person would: at the row, at its lane, at what is ahead of it, at pauses, workers and shards, at the program, and at the attempts so far. The first line is the answer; the facts below it say where it comes from and what to do.',
    surplus: SURPLUS,
    positionals: { id: ONE_TASK },
    examples: [['$0 why 17', 'not due, paused, behind others, no worker, no program …']],
    exits: [[65, 'there is no such task']],
    load: async () => ({ run: (await import('./why.ts')).why }),
  },
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
    usage: 'logs <id>',
    describe: 'Print what a task printed, byte for byte',
    more: 'What it prints is cut out of the day log, or is the file that a large output was given; while the program runs, it is what it has printed so far.',
    surplus: SURPLUS,
    positionals: { id: ONE_TASK },
    options: {
      attempt: { ...TEXT, describe: 'Of this attempt [default: the last one]' },
      follow: { ...SWITCH, alias: 'f', describe: 'Stay while it runs, and print what comes' },
    },
    examples: [
      ['$0 logs 17', 'what its last attempt printed'],
      ['$0 logs 17 --attempt 1', 'what the first one did'],
      ['$0 logs -f 17', 'while it runs'],
    ],
    exits: [[65, 'there is no such task, no such attempt, or its output is not there any more']],
    load: async () => ({ run: (await import('./logs.ts')).logs }),
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
  {
    usage: 'stats',
    describe: 'What waits, what was done, how fast, and how long it took: by queue and task',
    more: 'Depths are of now, counted as far as that is cheap: a number with ~ is an estimate, of one with + there are more. Rates, failures and durations are of the time since --since, from sums that workers keep by the minute, so it costs the same whatever the history is. p50, p95 and p99 are within 5 % of the exact ones.',
    options: {
      queue: { ...TEXT, describe: 'Of this queue' },
      task: { ...TEXT, describe: 'Of this task program' },
      since: { ...TEXT, describe: 'Rates and durations since: how long ago, or a time [default: 1h]' },
    },
    examples: [
      ['$0 stats', 'of the last hour'],
      ['$0 stats --since 7d --queue mail', 'of the last week'],
    ],
    load: async () => ({ run: (await import('./stats.ts')).stats }),
  },
  {
    usage: 'top',
    describe: 'Watch the queue work: a live board',
    more: 'It shows queues, workers, the tasks that run longest and what is wrong, and draws itself anew each second. Keys choose a row, look into it, pause and resume; ? lists them. Where there is no terminal it prints the board once.',
    options: {
      interval: { ...TEXT, describe: 'Look again after so long, 200ms to 1h [default: 1s]' },
      queue: { ...TEXT, describe: 'This queue alone' },
      once: { ...SWITCH, describe: 'Print the board once, and leave' },
    },
    examples: [
      ['$0 top', 'q leaves, ? shows the keys'],
      ['$0 top --once --queue mail', 'one queue, once, as text; so it is in a pipe, too'],
      ['$0 top --json --interval 10s', 'an object for each look'],
    ],
    load: async () => ({ run: (await import('./top.ts')).top }),
  },
]
