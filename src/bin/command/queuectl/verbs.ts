/**
 * The commands of `queuectl`, in the order in which `--help` shows them.
 */
import { PAUSE_FLAGS } from '../../pause-flags.ts'
import { SWITCH, TEXT, type Verb } from '../../verb.ts'
import { CHANGES } from './change-verbs.ts'
import { FILTERS } from './filter-flags.ts'
import { LOOKS } from './look-verbs.ts'

const DRY_RUN = { ...SWITCH, describe: 'Say what would be changed, and change nothing' }
const YES = { ...SWITCH, describe: 'Do not ask' }

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
    usage: 'purge',
    describe: 'Delete tasks that finished long ago, and with --logs day files of that age',
    more: 'It deletes by id in small transactions and rests in between, so that workers go on; killed in the middle it has deleted what it says, and the next purge goes on. Unfinished tasks are never deleted.',
    options: {
      'older-than': { ...TEXT, describe: 'Finished so long ago, such as 30d' },
      status: { ...TEXT, describe: 'In this state: done, failed, cancelled; several with commas [default: all three]' },
      queue: { ...TEXT, describe: 'Of this queue' },
      task: { ...TEXT, describe: 'Of this task program' },
      'free-unique': { ...SWITCH, describe: 'Also those that keep their unique value: it may be given again' },
      logs: { ...SWITCH, describe: 'Delete log files of that age, too' },
      'max-time': { ...TEXT, describe: 'Stop after so long; the next purge goes on' },
      pace: { ...TEXT, describe: 'Percent of the time in which it works, 1 to 100 [default: 50]' },
      'dry-run': { ...SWITCH, describe: 'Say what would be deleted, and delete nothing' },
      yes: YES,
    },
    examples: [
      ['$0 purge --older-than 30d --logs', 'asks on a terminal; as a job it needs no --yes'],
      ['$0 purge --older-than 7d --status done', 'keeps what failed'],
    ],
    exits: [[75, 'it was asked to stop, and left some']],
    load: async () => ({ run: (await import('./purge.ts')).purge }),
  },
  {
    usage: 'move',
    describe: 'Move waiting tasks to another queue, or to another database',
    more: 'What runs stays. A task that goes to another database is written there first and deleted here then, and given again the command goes on where it was cut off: no task is lost, and none is there twice.',
    options: {
      to: { ...TEXT, describe: 'To this queue' },
      'to-url': { ...TEXT, describe: 'To this database: mysql://… or sqlite:FILE' },
      back: { ...SWITCH, describe: 'Let go here what a move to a database that was cut off still holds' },
      ...FILTERS,
      'dry-run': DRY_RUN,
      yes: YES,
    },
    examples: [
      ['$0 move --queue mail --task newsletter --to slow', 'out of the way of the others'],
      ['$0 move --to-url mysql://shop:secret@127.0.0.1/shop', 'from SQLite to MySQL; goes on where it was cut off'],
    ],
    exits: [[75, 'it was asked to stop, and left some']],
    load: async () => ({ run: (await import('./move.ts')).move }),
  },
  {
    usage: 'export',
    describe: 'Print tasks as JSON, one a line',
    more: 'A line has every column of the task. Exported while workers are at it, each task is as it was when it was read.',
    options: FILTERS,
    examples: [['$0 export --status failed > failed.ndjson', 'for a script, or for "queuectl import"']],
    exits: [[65, 'the parameter of a task is no text, and cannot be exported as it is']],
    load: async () => ({ run: (await import('./export.ts')).exportTasks }),
  },
  {
    usage: 'import [file]',
    describe: 'Add the tasks of an export, from a file or standard input',
    more: 'Every line is read and checked before the first task is added, so a mistake in the last one adds nothing.',
    surplus: 'One file at a time.',
    positionals: { file: { type: 'string', describe: 'A file of JSON lines [default: standard input]' } },
    options: { queue: { ...TEXT, describe: 'All into this queue' }, 'dry-run': DRY_RUN },
    examples: [['$0 import failed.ndjson --dry-run', 'reads every line, and adds nothing']],
    exits: [
      [65, 'a line cannot be added: nothing was'],
      [75, 'it was asked to stop, and left some'],
    ],
    load: async () => ({ run: (await import('./import.ts')).importTasks }),
  },
  {
    usage: 'intake [redis]',
    describe: 'Make tasks of what a site pushes onto a list of Redis, as it comes',
    more: 'An item is {"worker": …, "params": …}: the worker is the task program, the params are its parameter, as they stand in the item. Items go to LIST:taken, into the queue in one transaction with a note of how far that goes, and are let go then: killed at any moment, or with Redis or the database away, it loses none and makes none twice. Any number of intakes may take from a list. What is no task goes to LIST:rejected. SIGTERM finishes what was taken. Give the URL in .env as QUEUE_INTAKE_URL when it holds a password.',
    surplus: 'One server at a time.',
    positionals: {
      redis: { type: 'string', describe: 'A Redis: redis://, rediss:// or unix:// [default: QUEUE_INTAKE_URL]' },
    },
    options: {
      list: { ...TEXT, describe: 'The key of the list' },
      from: { ...TEXT, describe: 'Where the oldest item is: left, of RPUSH, or right, of LPUSH [default: left]' },
      map: {
        ...TEXT,
        describe: 'Tasks of workers: worker=task, worker/class=task, with commas; *: all others; or @FILE',
      },
      task: { ...TEXT, describe: 'All items are for this program, whatever they are' },
      param: { ...TEXT, describe: 'What the program is given: params or item [default: params; with --task item]' },
      queue: { ...TEXT, describe: 'The queue they go to [default: default]' },
      priority: { ...TEXT, describe: 'Lower goes first, -32768 to 32767 [default: 0]' },
      'shard-key': { ...TEXT, describe: 'The field of the param that is the key, such as customer.id' },
      unique: { ...TEXT, describe: 'The field of the param that no two unfinished tasks have alike' },
      once: { ...SWITCH, describe: 'Leave when the list is empty' },
      'dry-run': { ...SWITCH, describe: 'Show what the first items would become, and take none' },
    },
    examples: [
      ['$0 intake redis://127.0.0.1:6379/0 --list jobs --dry-run', 'what it would make of the first items'],
      ['$0 intake --list jobs --shard-key order', 'stays; the tasks of one order run one after the other'],
      ['$0 intake --list jobs --map mailer=send-msg,* --once', 'one name differs; leaves when the list is empty'],
    ],
    exits: [[69, 'a server is away: with --once, or when it was asked to leave']],
    load: async () => ({ run: (await import('./intake.ts')).intake }),
  },
  {
    usage: 'doctor',
    describe: 'Examine the live database: its settings, our statements, what was left behind',
    more: 'Every finding is one sentence that says what to do. Exits 1 when there is a problem; notes are for you to know. Two claims are rehearsed on one task of a queue that nobody works, which is gone a moment later; nothing else is written. "cron-mission doctor" says why ticks do not run.',
    examples: [
      ['$0 doctor && echo fine', 'all that it looks at'],
      ["$0 doctor --json | jq -r '.fix // empty'", 'the statements and commands that mend it'],
    ],
    exits: [[1, 'there is a problem']],
    load: async () => ({ run: (await import('./doctor.ts')).doctor }),
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
    usage: 'schema',
    describe: 'Print the statements that make the tables',
    more: 'For a database that is set up by somebody else. Run "queuectl migrate" where the tables are there already.',
    options: { for: { ...TEXT, describe: 'For mysql or sqlite [default: as the database is]' } },
    examples: [['$0 schema --for mysql > queue.sql', 'asks no database']],
    load: async () => ({ run: (await import('./schema.ts')).schema }),
  },
  {
    usage: 'migrate',
    describe: 'Make the queue tables, or bring them to the version of this program',
    more: 'Each version is applied once, in order, and the command may be given again. A SQLite file gets its tables by itself.',
    options: { 'dry-run': { ...SWITCH, describe: 'Print the statements, and run none' } },
    examples: [['$0 migrate --dry-run', 'what it would run']],
    load: async () => ({ run: (await import('./migrate.ts')).runMigrateCommand }),
  },
  {
    usage: 'adopt',
    describe: 'Take over the queue table of an older page, with its rows and its producers',
    more: 'Without --yes it shows what it would do, and changes nothing. Columns, indexes and tables of ours are added beside what is there; an INSERT as the older page makes it goes on working, and status 1 goes on meaning done. No worker starts before it is done. Killed anywhere, it goes on when it is given again. A row with another status than 0 and 1 needs --status.',
    options: {
      column: { ...TEXT, describe: 'The column that has the name of the program [default: taskphp]' },
      map: { ...TEXT, describe: 'Names of programs, old=new, several with commas; others only lose their directory' },
      status: { ...TEXT, describe: 'What other values of status mean, as in 2=failed,3=cancelled' },
      'old-zone': { ...TEXT, describe: "The zone of times without one, such as +08:00 [default: the server's]" },
      copy: { ...SWITCH, describe: 'Also where the server has to copy the table, and producers wait' },
      from: { ...TEXT, describe: 'Carry the unfinished rows of this table into ours instead, and set them to 1 there' },
      yes: { ...SWITCH, describe: 'Do it' },
    },
    examples: [
      ['$0 adopt', 'the plan'],
      [
        '$0 adopt --map task/send.php=send-msg.php --status 2=failed --yes',
        'with another name, and a state of its own',
      ],
      ['$0 adopt --from shop.old_queue --yes', 'a table that stays where it is'],
    ],
    exits: [
      [75, 'it was stopped, or somebody works the table meanwhile; the same command goes on'],
      [78, 'it cannot be taken over as it stands: the plan says why'],
    ],
    load: async () => ({ run: (await import('./adopt.ts')).adopt }),
  },
  {
    usage: 'completion <shell>',
    describe: 'Print what makes a shell complete our commands: bash or zsh',
    more: 'The script completes the verbs, flags and known values of cron-mission, do-queue, add-task and queuectl, and the jobs, queues and task programs of the project that one is in. It asks no database and starts none of our commands.',
    surplus: 'One shell: bash or zsh.',
    positionals: { shell: { type: 'string', describe: 'The shell: bash or zsh' } },
    examples: [
      ['source <($0 completion bash)', 'in ~/.bashrc'],
      ['source <($0 completion zsh)', 'in ~/.zshrc, behind compinit'],
    ],
    load: async () => ({ run: (await import('./completion.ts')).completion }),
  },
]
