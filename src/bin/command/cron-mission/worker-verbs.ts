/**
 * The verbs of `cron-mission` that start, end and replace workers.
 */
import { SWITCH, TEXT, type Verb } from '../../verb.ts'

const JOB = { type: 'string', describe: 'Id of a job [default: all]' } as const
const ALL_HOSTS = { 'all-hosts': { type: 'boolean', describe: 'On all hosts [default: on this one]' } } as const
const TIMEOUT = {
  ...TEXT,
  describe: 'Wait at most so long; then say who still runs and exit 75 [default: 5m]',
} as const
const WAIT = { type: 'boolean', describe: 'Wait; --no-wait only asks the workers to leave', default: true } as const

export const WORKER_VERBS: readonly Verb[] = [
  {
    usage: 'start [job]',
    describe: 'Start the workers that should be at work now, and lift a stop of the same words',
    more: 'Without a job it is about those that are always at work; with one, about its queue as well. Shards that a worker has are left alone, so it may be given again. A pause stays in force.',
    positionals: { job: { type: 'string', describe: 'Id of a job [default: all that are always at work]' } },
    examples: [
      ['$0 start', 'the number is there again'],
      ['$0 start mail', 'that job alone, after "stop mail" as well'],
    ],
    exits: [[75, 'a job may not be started, or a worker ended at once']],
    load: async () => ({ run: (await import('./start.ts')).start }),
  },
  {
    usage: 'drain [job]',
    describe: 'As stop, and let the programs finish, however long they take',
    more: 'Workers claim no more, and leave when their programs have ended by themselves; no grace period ends them. A command that is always at work does not end by itself: it has its grace period, as with stop. Until "resume" or "start", nothing is started.',
    positionals: { job: JOB },
    options: { ...ALL_HOSTS, timeout: TIMEOUT, wait: WAIT },
    examples: [['$0 drain mail --timeout 1h', 'nothing is cut short']],
    exits: [[75, 'workers had not left when --timeout was over']],
    load: async () => ({ run: (await import('./stop.ts')).drain }),
  },
  {
    usage: 'stop [job]',
    describe: 'Start nothing any more, and wait until the workers have left: for deploys and incidents',
    more: 'Workers claim no more and their programs have the grace period to finish; what waited is given back with no attempt used. Given again it waits on, and may be harsher. Until "resume" or "start", ticks start nothing, and the log and "list" say why.',
    positionals: { job: JOB },
    options: {
      ...ALL_HOSTS,
      timeout: TIMEOUT,
      now: { ...SWITCH, describe: 'End the programs now, and kill after the grace period; their tasks are run again' },
      kill: { ...SWITCH, describe: 'Kill the programs now; their tasks are run again' },
      wait: WAIT,
    },
    examples: [
      ['$0 stop && deploy && $0 start', 'what runs is finished, then it is deployed'],
      ['$0 stop mail --now', 'does not wait for the programs of mail'],
    ],
    exits: [[75, 'workers had not left when --timeout was over']],
    load: async () => ({ run: (await import('./stop.ts')).stop }),
  },
  {
    usage: 'restart [job]',
    describe: 'Replace workers by new ones, one after the other, with no shard left alone: for deploys',
    more: 'A new worker is started by the files and the schedule of now; when it is ready, the old one claims no more and leaves its shard to it. Programs that run go on, are watched by the new worker, and are booked once. The first worker that cannot be replaced ends the restart, and the others stay. Afterwards workers that were missing are started. Given again it begins anew. Last, a command that is always at work is asked to end, and begun again at once. Workers of other commands, and those that a person started, stay. With a schedule that cannot be read, nobody is replaced.',
    positionals: { job: JOB },
    options: {
      ...{
        'all-hosts': {
          type: 'boolean',
          describe: 'On all hosts; there, a daemon or the next tick starts the new ones',
        },
      },
      'at-once': { ...TEXT, describe: 'Replace so many at the same time, 1 to 60 [default: 1]' },
      'started-before': { ...TEXT, describe: 'Only those that are older: goes on with a restart that was ended' },
      timeout: { ...TEXT, describe: 'For each worker; then say who does not answer and exit 75 [default: 2m]' },
    },
    examples: [
      ['git pull && npm ci && $0 restart', 'nothing stands still'],
      ['$0 restart mail --at-once 3', 'three shards at a time'],
    ],
    exits: [
      [75, 'a worker was not replaced, and why'],
      [78, 'the schedule cannot be read; all stay as they are'],
    ],
    load: async () => ({ run: (await import('./restart.ts')).restart }),
  },
]
