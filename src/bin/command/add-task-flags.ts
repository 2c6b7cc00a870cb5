/**
 * What `add-task` can be told: for its command line, its help, the manual and the completion of shells.
 */
import { COMMON_FLAGS } from '../flags.ts'
import { type DeclaredCommand, TEXT } from '../verb.ts'

export const ADD_TASK_FLAGS = {
  queue: { ...TEXT, alias: 'q', describe: 'Queue to add to [default: default]' },
  file: { ...TEXT, describe: 'Take the param from this file' },
  priority: { ...TEXT, describe: 'Lower runs first, -32768 to 32767 [default: 0]' },
  in: { ...TEXT, describe: 'Not before this long from now, such as 10m' },
  at: { ...TEXT, describe: 'Not before this time' },
  expires: { ...TEXT, describe: 'Useless after this time, or this long from now' },
  key: {
    ...TEXT,
    describe:
      'Tasks with one key run one at a time, in the order they were added; or some at once (do-queue --per-key)',
  },
  unique: { ...TEXT, describe: 'Add nothing while an unfinished task has the same value' },
  'keep-unique': { type: 'boolean', describe: 'Nor after that task is finished' },
  retry: { ...TEXT, describe: 'Delays between attempts, such as 2m,10m,1h; "none" for one attempt' },
  'max-attempts': { ...TEXT, describe: 'Attempts at most [default: as many as --retry gives]' },
  timeout: { ...TEXT, describe: 'Stop the program after this long' },
  json: { type: 'boolean', describe: 'Print the result as JSON' },
  quiet: { type: 'boolean', describe: 'Print nothing but errors' },
  ...COMMON_FLAGS,
} as const

export const ADD_TASK: DeclaredCommand = {
  name: 'add-task',
  purpose: 'Adds one task, or one for each line of JSON on standard input.',
  verbs: [],
  unnamed: {
    usage: '$0 [task] [param]',
    describe: 'Adds one task, or one for each line of JSON on standard input.',
    more: 'It prints the id of the task. A line of JSON has the fields of the library: task, param, queue, priority, inMs, at, expires, key, unique, keepUnique, retry, maxAttempts, timeoutMs; flags say what a line leaves out. A task with the unique value of an unfinished one is not added, and that is no failure.',
    positionals: {
      task: { type: 'string', describe: 'The program: a file of tasks/, with or without its extension' },
      param: { type: 'string', describe: 'Its parameter [default: empty]' },
    },
    options: ADD_TASK_FLAGS,
    examples: [
      ['$0 send-msg "uid=4&uids[]=6"', 'one task'],
      ['$0 report --at "2026-12-31 23:30" --retry 2m,10m,1h', 'later, with its own retries'],
      [`echo '{"task":"hello","param":"1"}' | $0`, 'many: a line each, with the fields of the library'],
    ],
    exits: [
      [
        65,
        'a task, or a line of JSON, cannot be added; of lines, the sentence says which one, and how many tasks were added before',
      ],
    ],
  },
  options: {},
}
