/**
 * The commands of `cron-mission`, in the order in which `--help` shows them.
 */
import { PAUSE_FLAGS } from '../../pause-flags.ts'
import { SWITCH, TEXT, type Verb } from '../../verb.ts'
import { WORKER_VERBS } from './worker-verbs.ts'

const JOB = { type: 'string', describe: 'Id of a job [default: all]' } as const
const ONE_JOB = { type: 'string', describe: 'Id of a job' } as const

export const VERBS: readonly Verb[] = [
  {
    usage: 'check',
    describe: 'Read schedule.ts and say what is wrong with it',
    more: 'Mistakes keep a job from being started, or say something that cannot be; notes are about what is allowed and seldom meant. A mistake in one job never stops the others.',
    examples: [['$0 check && git push', 'notes alone are no mistake: it exits 0']],
    exits: [[78, 'there is a mistake; the jobs that can be read run all the same']],
    load: async () => ({ run: (await import('./check.ts')).check }),
  },
  {
    usage: 'list',
    describe: 'The jobs: when each runs next, what became of its last slot, who is at work',
    more: 'Without the database it lists what the schedule says, and says that the rest is not known.',
    options: { next: { ...TEXT, describe: 'The next so many runs of each job, in the order of time' } },
    examples: [
      ['$0 list', 'all jobs, a line each'],
      ['$0 list --next 3', 'a line for each run to come'],
    ],
    exits: [
      [69, 'the database is away'],
      [78, 'the schedule has a mistake'],
    ],
    load: async () => ({ run: (await import('./list.ts')).list }),
  },
  {
    usage: 'next <job>',
    describe: 'The next runs of a job, or of a cron expression',
    more: 'What a change of the clocks does to a run is said beside it.',
    surplus: 'One job at a time, and a cron expression in quotes.',
    positionals: { job: { type: 'string', describe: 'Id of a job, or five fields in quotes' } },
    options: {
      timezone: { ...TEXT, describe: "Whose clock [default: the job's, the schedule's, or the system's]" },
      from: { ...TEXT, describe: 'From this time on [default: now]' },
      count: { ...TEXT, describe: 'So many [default: 5]' },
    },
    examples: [
      ['$0 next report', 'with what changes of the clocks do to it'],
      ["$0 next '30 2 * * mon-fri' --count 3", 'needs no schedule'],
    ],
    load: async () => ({ run: (await import('./next.ts')).next }),
  },
  {
    usage: 'why <job> [time]',
    describe: 'Why a job ran, or did not',
    more: 'The first line is the answer; the facts below it say what was decided, by whom and when, and what is due next.',
    surplus: 'One job, and one time: "2026-11-20 02:30" in quotes.',
    positionals: {
      job: ONE_JOB,
      time: {
        type: 'string',
        describe: '02:30, 2026-11-20, "2026-11-20 02:30" or how long ago: 2h [default: its last slot]',
      },
    },
    examples: [
      ['$0 why report', 'what became of the last slot'],
      ['$0 why report 02:30', 'of the last one at that time'],
      ["$0 why report '2026-11-20 02:30'", 'of that one'],
    ],
    exits: [[69, 'the answer is in a database that is away']],
    load: async () => ({ run: (await import('./why.ts')).why }),
  },
  {
    usage: 'simulate',
    describe: 'Play the schedule through: how often, what together, and what the clocks do to it',
    more: 'It runs nothing. Jobs that go by what the database says, such as those that come after another one, are played as if all went well.',
    options: {
      from: { ...TEXT, describe: 'From this time on [default: now]' },
      to: { ...TEXT, describe: 'Until before this time [default: 7 days later]' },
      job: { ...TEXT, describe: 'This job alone' },
    },
    examples: [['$0 simulate --from 2027-01-01 --to 2028-01-01', 'a year']],
    exits: [[78, 'the schedule has a mistake']],
    load: async () => ({ run: (await import('./simulate.ts')).simulate }),
  },
  {
    usage: 'run <job>',
    describe: 'Start a job now, whatever its "when" says',
    more: 'It is decided as every slot is: a job that is at work, paused, or whose conditions do not hold is not started unless --force. Nothing starts it while it is stopped, or while its queue is paused.',
    positionals: { job: ONE_JOB },
    options: {
      slot: { ...TEXT, describe: 'For this past minute, which it finds in JOB_SLOT [default: this one]' },
      wait: { ...SWITCH, describe: 'Stay until it has ended, show the end of its output, and exit 1 if it failed' },
      force: { ...SWITCH, describe: 'Although it is paused, at work, or its onlyIf says no' },
    },
    examples: [
      ['$0 run backup --wait', 'and see how it ends'],
      ["$0 run report --slot '2026-11-20 02:30'", 'once more, for the slot of that night'],
    ],
    exits: [
      [1, 'with --wait: it failed'],
      [75, 'it was not started, and why'],
    ],
    load: async () => ({ run: (await import('./run.ts')).run }),
  },
  {
    usage: 'backfill <job>',
    describe: 'Run a job for the slots of a period that did not run',
    more: 'Slots that ran are left out, so it may be given again. It shows what it would run, and asks.',
    positionals: { job: ONE_JOB },
    options: {
      from: { ...TEXT, describe: 'The first minute: 2026-11-01, "2026-11-01 02:30" or how long ago: 7d' },
      to: { ...TEXT, describe: 'The last minute; a day alone is all of it [default: now]' },
      'max-parallel': { ...TEXT, describe: 'Runs of its command at the same time, 1 to 60 [default: 1]' },
      yes: { ...SWITCH, describe: 'Do not ask' },
      'dry-run': { ...SWITCH, describe: 'Show the plan, and run nothing' },
    },
    examples: [
      ['$0 backfill report --from 7d --dry-run', 'what would be run'],
      ['$0 backfill report --from 2026-11-01', 'until now; given again it goes on'],
    ],
    exits: [
      [1, 'a run failed'],
      [75, 'some are left, or still run'],
    ],
    load: async () => ({ run: (await import('./backfill.ts')).backfill }),
  },
  ...WORKER_VERBS,
  {
    usage: 'pause [job]',
    describe: 'Start nothing for a while, and let what works go on',
    more: 'Ticks start nothing of it, on all hosts, and workers that are there go on until their queue is empty. To stop a queue within a second, use "queuectl pause".',
    positionals: { job: JOB },
    options: {
      ...PAUSE_FLAGS,
      host: { ...TEXT, describe: 'Only on this host [default: on all]' },
      'this-host': { type: 'boolean', describe: 'Only on this very host' },
    },
    examples: [["$0 pause mail --until 19:00 --reason 'disk swap'", 'until then, or until it is resumed']],
    load: async () => ({ run: (await import('./pause.ts')).pause }),
  },
  {
    usage: 'resume [job]',
    describe: 'Let what was stopped or paused be started again',
    more: 'It undoes a stop of the same words, and a pause. What is still in force is said. It exits 0 also where nothing was stopped or paused.',
    positionals: { job: JOB },
    options: {
      'all-hosts': { type: 'boolean', describe: 'Also stops of all hosts [default: of this one; pauses of any host]' },
      'catch-up': { type: 'boolean', describe: 'Run the newest slot that was kept back, if it is within catchUp' },
    },
    examples: [['$0 resume report --catch-up', 'and run what was due meanwhile, once']],
    load: async () => ({ run: (await import('./resume.ts')).resume }),
  },
  {
    usage: 'install',
    describe: 'Put the line that runs the ticks into the crontab of this user; shows it first',
    more: 'The line is put in again at its place where it is there already, and what stands in the crontab besides stays byte for byte. It is read again before it is written, and afterwards.',
    options: {
      yes: { type: 'boolean', describe: 'Write it without asking' },
      print: { type: 'boolean', describe: 'Print the line, and change nothing' },
      systemd: {
        type: 'boolean',
        describe: 'Print a systemd service and its timer instead, for machines without a crontab',
      },
    },
    examples: [
      ['$0 install', 'shows the line, asks, writes it'],
      ['$0 install --print', 'the line alone'],
    ],
    load: async () => ({ run: (await import('./install.ts')).install }),
  },
  {
    usage: 'uninstall',
    describe: 'Take that line out again; what was written by hand stays',
    options: { yes: { type: 'boolean', describe: 'Write it without asking' } },
    examples: [['$0 uninstall', 'shows the line, asks, takes it out']],
    load: async () => ({ run: (await import('./install.ts')).uninstall }),
  },
  {
    usage: 'import',
    describe: 'Print a schedule.ts that does what a crontab did',
    more: 'Files of crontab lines, or "-" for standard input. It changes nothing. Comments stay above their lines. What cannot be taken over stands in the result with the reason, is told on standard error, and makes it exit 65. docs/recipes/from-crontab.md says how to move over line by line.',
    words: true,
    options: {
      'user-column': {
        ...SWITCH,
        describe:
          'The lines name a user, as those of /etc/crontab do [default: of the system files, and where root is named]',
      },
      user: { ...TEXT, describe: 'Only the lines of this user' },
    },
    examples: [
      ['crontab -l | $0 import - > schedule.ts', 'of this user'],
      ['$0 import /etc/crontab /etc/cron.d/shop --user www-data', 'of the system, the lines of one user'],
    ],
    exits: [[65, 'a line could not be taken over; the others are printed']],
    load: async () => ({ run: (await import('./import.ts')).importCrontabs }),
  },
  {
    usage: 'status',
    describe: 'How the schedule stands on all hosts; exits 1 when something is wrong',
    more: 'Wrong is: a host that ticks no more, hosts with different schedules, a schedule that cannot be read, a job whose last run failed. A stop or a pause is what somebody wanted.',
    examples: [["ssh web-1 'cd /srv/shop && cron-mission status'", 'for a monitor on another host']],
    exits: [[1, 'something is wrong']],
    load: async () => ({ run: (await import('./status.ts')).status }),
  },
  {
    usage: 'doctor',
    describe: 'Look for what keeps the ticks from running, and say what to do about it',
    more: 'It looks at the crontab, the service that runs it, its environment, the last ticks, directories, time zones and the commands of jobs. It changes nothing.',
    examples: [['$0 doctor && echo fine', 'exits 1 when there is a problem']],
    exits: [[1, 'there is a problem']],
    load: async () => ({ run: (await import('./doctor.ts')).doctor }),
  },
  {
    usage: 'daemon',
    describe: 'Run the ticks from a process that stays: for containers and machines without a crontab',
    more: 'Each minute it runs the tick as a process of its own, and puts workers that are always to be at work back within a second. SIGTERM drains the workers of this host and ends it. SIGUSR2 ends it and leaves them at work, for the next daemon; that is how --replace asks.',
    options: {
      replace: {
        type: 'boolean',
        describe: 'Take the place of the daemon that runs, whose workers stay at work: for deploys',
      },
      timeout: { ...TEXT, describe: 'At the end, wait at most so long for the workers [default: 5m]' },
    },
    examples: [
      ['docker run --init … cron-mission daemon', 'in a container; SIGTERM drains the workers'],
      ['$0 daemon --replace & $0 restart', 'a deploy: first the daemon, then the workers'],
    ],
    exits: [[75, 'workers had not left when --timeout was over, or the daemon to be replaced does not answer']],
    load: async () => ({ run: (await import('./daemon.ts')).daemon }),
  },
]
