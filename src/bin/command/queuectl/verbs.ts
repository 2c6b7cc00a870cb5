/**
 * The commands of `queuectl`, in the order in which `--help` shows them.
 */
import { PAUSE_FLAGS } from '../../pause-flags.ts'
import { SWITCH, TEXT, type Verb } from '../../verb.ts'
import { CHANGES } from './change-verbs.ts'
import { LOOKS } from './look-verbs.ts'


export const VERBS: readonly Verb[] = [
  ...LOOKS,
  ...CHANGES,
  {
    usage: 'pause [queue]',
    describe: 'Start no more tasks of a queue, or of a task program; what runs goes on',
    more: 'No new program of it starts anywhere from about a second later on. What a worker has claimed and not started is given back with no attempt used. Ticks start no worker for a paused queue, and note that in the ledger. Tasks of a paused program are held until it is resumed, while the others of their queue go on; with --task alone that is so in every queue. A second pause of the same words takes the place of the first.',
    surplus: 'One queue at a time.',
    positionals: { queue: { type: 'string', describe: 'A queue; with --task: only there [default: every queue]' } },
    options: {
      task: { ...TEXT, describe: 'Tasks of this program' },
      ...PAUSE_FLAGS,
    },
    examples: [
      ["$0 pause mail --until 30m --reason 'the mail server is down'", 'the queue mail, for half an hour'],
      ['$0 pause --task send-msg', 'one program, in every queue'],
      ['$0 pause slow --task send-msg', 'one program, in the queue slow alone'],
    ],
    load: async () => ({ run: (await import('./pause.ts')).pause }),
  },
  {
    usage: 'resume [queue]',
    describe: 'Let what was paused be started again',
    more: 'Give the words of the pause. --task alone lifts every pause of the program, whichever queue it is of. Tasks that were held only because of the pause wait again; what a person holds stays held. It exits 0 also where nothing was paused.',
    surplus: 'One queue at a time.',
    positionals: { queue: { type: 'string', describe: 'A queue; with --task: only there' } },
    options: {
      task: { ...TEXT, describe: 'Tasks of this program' },
      all: { ...SWITCH, describe: 'Every queue and program that is paused' },
    },
    examples: [
      ['$0 resume mail', 'its tasks wait for a worker again'],
      ['$0 resume --task send-msg', 'one program, wherever it is paused'],
      ['$0 resume --all', 'whatever is paused'],
    ],
    load: async () => ({ run: (await import('./resume.ts')).resume }),
  },
  {
    usage: 'metrics',
    describe: 'Print what Prometheus reads',
    more: 'Depths, ages, rates, durations and workers, in the text format of Prometheus. The file is replaced in one step, so nobody reads half of it.',
    options: { file: { ...TEXT, describe: 'Into this file, whole or not at all: for the node exporter' } },
    examples: [['$0 metrics --file /var/lib/prometheus/node-exporter/cron-mission.prom', 'from crontab, each minute']],
    load: async () => ({ run: (await import('./metrics.ts')).metrics }),
  },
  {
    usage: 'migrate',
    describe: 'Make the queue tables, or bring them to the version of this program',
    more: 'Each version is applied once, in order, and the command may be given again. A SQLite file gets its tables by itself.',
    options: { 'dry-run': { ...SWITCH, describe: 'Print the statements, and run none' } },
    examples: [['$0 migrate --dry-run', 'what it would run']],
    load: async () => ({ run: (await import('./migrate.ts')).runMigrateCommand }),
  },
]
