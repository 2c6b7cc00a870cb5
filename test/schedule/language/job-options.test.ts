import assert from 'node:assert/strict'
import test from 'node:test'
import { planSchedule } from '../../../src/schedule/language/plan.ts'
import { after, always, cron, daily, every } from '../../../src/schedule/language/when.ts'

const MAIL = { when: every('1m'), queue: 'mail' }

const COMMAND = { when: every('1m'), exec: ['true'] }

const BROKEN_JOBS: [job: unknown, sentence: string | RegExp][] = [
  [{ ...MAIL, shard: 4 }, '"shard" is not an option. Did you mean shards?'],
  [{ ...MAIL, maxtime: '1h' }, '"maxtime" is not an option. Did you mean maxTime?'],
  [{ ...MAIL, tiemout: '1h' }, '"tiemout" is not an option. Did you mean timeout?'],
  [
    { ...MAIL, constructor: 1 },
    /^"constructor" is not an option. Known are when, except, queue, exec, enqueue, onlyIf, paused, timezone, /,
  ],
  [{ queue: 'mail' }, /^when is missing\./],
  [{ when: every('1m') }, /^queue, exec or enqueue is missing\./],
  [{ ...MAIL, when: [] }, /^when is an empty list\./],
  [{ ...MAIL, when: null }, /^when is null\./],
  [{ ...MAIL, when: cron('* * * *' as string) }, /^The cron expression "\* \* \* \*" has 4 fields\./],
  [{ ...MAIL, when: [every('5m'), '61 * * * *'] }, /minute field "61"/],
  [{ ...MAIL, queue: '' }, /^queue is ""\./],
  [{ ...MAIL, queue: 'two words' }, /^queue is "two words"\./],
  [{ ...MAIL, queue: 'q'.repeat(65) }, /^queue is "qqq/],
  [{ ...MAIL, queue: 7 }, /^queue is 7\./],
  [
    { ...MAIL, timezone: 'Europe/Berln' },
    'timezone is "Europe/Berln", which is no time zone. Did you mean Europe/Berlin?',
  ],
  [{ ...MAIL, timezone: '' }, /^timezone is "", which is no time zone. Use /],
  [{ ...MAIL, timezone: 1 }, /^timezone is 1,/],
  [{ ...MAIL, shards: 0 }, 'shards is 0. Use a whole number from 1 to 60, or a function that returns one.'],
  [{ ...MAIL, shards: 61 }, 'shards is 61. Use a whole number from 1 to 60, or a function that returns one.'],
  [{ ...MAIL, shards: 1.5 }, 'shards is 1.5. Use a whole number from 1 to 60, or a function that returns one.'],
  [{ ...MAIL, shards: '4' }, 'shards is "4". Use a whole number from 1 to 60, or a function that returns one.'],
  [{ ...MAIL, concurrency: 1001 }, 'concurrency is 1001. Use a whole number from 1 to 1000.'],
  [
    { ...MAIL, warm: 'yes' },
    `warm is "yes". Use true, or an object such as { tasks: 500, age: '30m', memory: '512M' }.`,
  ],
  [{ ...MAIL, warm: { task: 5 } }, 'warm has no option "task". Did you mean tasks?'],
  [{ ...MAIL, warm: { tasks: 0 } }, 'warm.tasks is 0. Use a whole number from 1 to 999999999.'],
  [{ ...MAIL, warm: { memory: 512 } }, `warm.memory is 512. Write a size such as '256M' or '2G'.`],
  [{ ...MAIL, warm: { memory: '0M' } }, `warm.memory is "0M". Write a size such as '256M' or '2G'.`],
  [{ ...MAIL, batch: 1001 }, 'batch is 1001. Use a whole number from 1 to 1000.'],
  [{ ...MAIL, perKey: 0 }, 'perKey is 0. Use a whole number from 1 to 1000.'],
  [{ ...COMMAND, perKey: 2 }, 'perKey is for the workers of a queue, and this job runs a command.'],
  [{ ...MAIL, timeout: '15min' }, `timeout is "15min". Write a duration such as '90s', '15m' or '1h30m'.`],
  [{ ...MAIL, timeout: 900 }, /^timeout is 900\. Write a duration/],
  [{ ...MAIL, timeout: '0s' }, 'timeout is "0s". Use at least 1s.'],
  [{ ...MAIL, grace: 'long' }, /^grace is "long"\./],
  [{ ...MAIL, maxTime: '999ms' }, 'maxTime is "999ms". Use at least 1s.'],
  [{ ...MAIL, retry: '2m,soon' }, /"soon"/],
  [{ ...MAIL, retry: 3 }, /^retry is 3\. Write delays such as '2m,10m,1h', or '' for none\./],
  [{ ...MAIL, crash: 'ignore' }, 'crash is "ignore". Use retry, hold or fail.'],
  [{ ...MAIL, crash: true }, 'crash is true. Use retry, hold or fail.'],
  [{ ...COMMAND, env: 'A=1' }, `env is "A=1". Give an object such as { LANG: 'C.UTF-8' }.`],
  [{ ...COMMAND, env: { 'A-B': '1' } }, 'env has the name "A-B". Use letters, digits and underscores, no digit first.'],
  [
    { ...COMMAND, env: { QUEUE_URL: 'x' } },
    'env has QUEUE_URL, which is for cron-mission to say. Leave it out, or give it another name.',
  ],
  [{ ...COMMAND, env: { TASK_ID: '1' } }, /^env has TASK_ID, which is for cron-mission to say\./],
  [{ ...COMMAND, env: { JOB_SLOT: '1' } }, /^env has JOB_SLOT, /],
  [{ ...COMMAND, env: { A: 1 } }, 'env.A is 1. Give a text; numbers go in quotes.'],
  [{ ...COMMAND, env: { A: 'a\0' } }, /^env\.A is "a\\u0000"\./],
  [{ ...COMMAND, directory: '' }, `directory is "". Give a path: '/srv/shop', '~' for the home directory, or 'data'.`],
  [{ ...MAIL, env: {} }, 'env is for the command of a job, and this job works a queue.'],
  [{ ...MAIL, directory: '~' }, 'directory is for the command of a job, and this job works a queue.'],
  [{ ...MAIL, paused: true }, /^paused is true\. Give the reason/],
  [{ ...MAIL, paused: ' ' }, /^paused is " "\./],
  [{ ...MAIL, processes: 0 }, 'processes is 0. Use a whole number from 1 to 60.'],
  [{ ...MAIL, stopAt: '6:00' }, 'stopAt is "6:00". Write two digits each, from 00:00 to 23:59.'],
  [{ ...MAIL, maxLoad: 0 }, /^maxLoad is 0\. Use a number above 0/],
  [{ ...MAIL, maxLoad: '2' }, /^maxLoad is "2"\./],
  [{ ...MAIL, nice: 20 }, 'nice is 20. Use a whole number from -20 to 19.'],
  [{ ...MAIL, spread: '90s' }, /^spread is "90s"\. Use whole minutes/],
  [{ ...MAIL, spread: '25h' }, 'spread is "25h". Use at most 1d.'],
  [{ ...MAIL, overlap: 'skipp' }, 'overlap is "skipp". Did you mean skip?'],
  [{ ...MAIL, overlap: 'allow' }, /^overlap is 'allow', but each shard of a queue has one worker\./],
  [{ ...MAIL, hosts: 'all' }, /^hosts is "all"\. Use 'one', 'each', or a list/],
  [{ ...MAIL, hosts: [] }, /^hosts is \[\]\./],
  [{ ...MAIL, hosts: ['web 1'] }, /^hosts is \["web 1"\]\./],
  [{ ...MAIL, hosts: 'each' }, /^hosts is 'each', but the shards of a queue have one worker each/],
  [{ ...MAIL, catchUp: 'all' }, /^catchUp is "all"\. Give an object such as/],
  [{ ...MAIL, catchUp: {} }, /^catchUp has no policy\./],
  [{ ...MAIL, catchUp: { policy: 'last' } }, /^catchUp\.policy is "last"\. /],
  [{ ...MAIL, catchUp: { policy: 'all', whithin: '1h' } }, 'catchUp has no option "whithin". Did you mean within?'],
  [{ ...MAIL, catchUp: { policy: 'all', within: '8d' } }, 'catchUp.within is "8d". Use at most 7d.'],
  [{ ...MAIL, catchUp: { policy: 'latest', max: 3 } }, /^catchUp\.max is for policy 'all'/],
  [{ ...MAIL, catchUp: { policy: 'none', within: '1h' } }, /^catchUp\.within says how late .* 'none'/],
  [{ ...MAIL, notify: {} }, /^notify tells nobody\./],
  [{ ...MAIL, notify: { mail: 'ops@example.com' } }, /^notify has no option "mail"\. Known are command, url, silence/],
  [{ ...MAIL, notify: { url: 'ftp://example.com' } }, /^notify\.url is "ftp:.* begins with https/],
  [{ ...MAIL, notify: { url: 'example.com' } }, /^notify\.url is "example\.com"\./],
  [
    { ...MAIL, notify: { command: 'mail ops' } },
    "notify.command is \"mail ops\". No shell takes it apart: write ['mail', 'ops'].",
  ],
  [{ ...MAIL, notify: { command: ['a'], silence: '30s' } }, 'notify.silence is "30s". Use at least 1m.'],
  [{ ...MAIL, onlyIf: true }, /^onlyIf is true\. Give a function; a schedule in JSON cannot have one/],
  [{ ...MAIL, except: [7] }, /^except is 7\./],
  [{ ...MAIL, queue: 'exec:mail' }, /^queue is "exec:mail", which is where runs of commands stand/],
  [{ ...MAIL, exec: ['date'] }, 'it has queue and exec. A job does one thing: keep one of them.'],
  [{ when: every('1m'), exec: [] }, /^exec is \[\]\. Give the program and its arguments/],
  [
    { when: every('1m'), exec: 'bin/backup --all' },
    "exec is \"bin/backup --all\". No shell takes it apart: write ['bin/backup', '--all'].",
  ],
  [{ when: every('1m'), exec: ['bin/backup', 7] }, /^exec is \["bin\/backup",7\]\./],
  [
    { when: every('1m'), exec: ['date'], shards: 4 },
    'shards is for the workers of a queue, and this job runs a command.',
  ],
  [{ when: every('1m'), enqueue: 'digest' }, /^enqueue is "digest"\. Give a function/],
  [{ when: every('1m'), enqueue: () => [], timeout: '5m' }, /^timeout is for work, and this job only adds tasks/],
  [{ when: always(), queue: 'mail', maxTime: '5m' }, /^maxTime does not go with always\(\)/],
  [{ when: always(), queue: 'mail', except: daily('02:30') }, /^except does not go with always\(\)/],
  [{ when: always(), enqueue: () => [] }, /^when is always\(\), which keeps workers of a queue or a command at work\./],
  [{ when: always(), exec: ['date'], retry: '1m' }, /^retry does not go with a command that is always\(\) at work/],
  [{ when: always(), exec: ['date'], timeout: '1h' }, /^timeout does not go with a command that is always\(\) at work/],
  [{ when: after('mial'), exec: ['date'] }, 'after() names "mial", which is no job. Did you mean mail?'],
  [{ when: after('broken'), exec: ['date'] }, 'it comes after itself. Name another job in after().'],
  ['*/5 * * * *', /^it is "\*\/5 \* \* \* \*"\. Give an object such as/],
  [null, /^it is null\./],
]

for (const [job, sentence] of BROKEN_JOBS) {
  test(`of the jobs mail and broken, ${JSON.stringify(job).slice(0, 90)} stops only itself`, () => {
    const { jobs, problems } = planSchedule({ timezone: 'UTC', jobs: { broken: job, mail: MAIL } })

    assert.deepEqual(
      jobs.map(({ id }) => id),
      ['mail'],
    )
    assert.equal(problems.length, 1)
    const [problem] = problems
    assert.equal(problem?.job, 'broken')
    const start = 'Job "broken": '
    assert.ok(problem.sentence.startsWith(start))
    if (typeof sentence === 'string') assert.equal(problem.sentence.slice(start.length), sentence)
    else assert.match(problem.sentence.slice(start.length), sentence)
  })
}
