/**
 * What one command says, the others say too: how a run ended, what is trouble, whose clock a time is of.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { runProgram, waitFor } from '../helpers/processes.ts'
import { minuteAgo } from './hand-project.ts'
import { queueProject } from './queue-project.ts'
import { assertRefusal } from './refusal.ts'

const [sqlite] = DATABASES as readonly [Database]
const COMMAND = join(import.meta.dirname, '../../dist/bin/cron-mission.js')

function scheduleOf(jobs: string): string {
  return `import { always, daily, defineSchedule, every } from 'cron-mission'
export default defineSchedule({ timezone: 'Asia/Kathmandu', jobs: { ${jobs} } })
`
}

for (const database of DATABASES) {
  test(`a run that ended is shown as ended before a tick has seen it (${database.name})`, async (t) => {
    const schedule = scheduleOf(`fails: { when: every('1m'), exec: ['sh', '-c', 'exit 3'] }`)
    const project = await queueProject(t, database, { schedule })
    await project.start('cron-mission', []).exited
    await waitFor(async () => (await project.states()).join() === 'failed', { what: 'the end of the run' })

    const list = await project.run('cron-mission', ['list'])
    const status = await project.run('cron-mission', ['status'])

    assert.match(list.stdout, /\tfailed \(exit 3\) /)
    assert.equal(status.code, 1)
    assert.match(status.stdout, /^Job fails failed for \d{4}-\d\d-\d\d \d\d:\d\d with exit code 3: "queuectl why \d+"/)
  })

  test(`a job that could not be started is trouble for status, too (${database.name})`, async (t) => {
    const schedule = scheduleOf(
      `throws: { when: every('1m'), exec: ['true'], onlyIf: () => { throw new Error('no such table') } }`,
    )
    const project = await queueProject(t, database, { schedule })

    const tick = await project.start('cron-mission', []).exited
    const status = await project.run('cron-mission', ['status'])
    const json = await project.run('cron-mission', ['status', '--json'])

    assert.equal(tick.code, 1)
    assert.equal(status.code, 1)
    assert.match(status.stdout, /^Job throws could not be started for \S+ \d\d:\d\d: onlyIf threw no such table\.\n/)
    assert.deepEqual(
      JSON.parse(json.stdout).failed.map(({ job, task }: { job: string; task: unknown }) => [job, task]),
      [['throws', null]],
    )
  })
}

test('times without an offset are of the clock of the schedule, whatever the machine has', async (t) => {
  const schedule = scheduleOf(
    `noon: { when: daily('12:00'), queue: 'noon' },
     far: { when: daily('12:00'), timezone: 'Pacific/Auckland', queue: 'far' }`,
  )
  const project = await queueProject(t, sqlite, { schedule })
  const run = async (...args: string[]) => (await project.run('cron-mission', args)).stdout

  const due = await run('--dry-run', '--at', '2026-11-20 12:00')
  const far = await run('pause', 'far', '--until', '2040-01-01 06:00')
  const all = await run('pause', '--until', '2040-01-01 06:00')
  const status = await run('status')
  const resumed = await run('resume')
  const stopped = await run('stop')
  const again = await run('stop')

  assert.match(due, /^noon\t/m)
  assert.doesNotMatch(due, /^far\t/m)
  const minute = new Intl.DateTimeFormat('sv', { timeZone: 'Asia/Kathmandu', dateStyle: 'short' }).format()
  assert.match(all, new RegExp(`since ${minute} .* until 2040-01-01 06:00\\.`))
  assert.match(far, / until 2040-01-01 06:00\./)
  for (const text of [status, resumed]) assert.match(text, /Job far is .* until 2040-01-01 06:00/)
  assert.match(stopped, /^All jobs are stopped on /)
  assert.match(again, new RegExp(`, since ${minute} ${clockOf('Asia/Kathmandu')}`))
})

test('a job that is always at work is told by who holds it now, or by what keeps it back', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: scheduleOf(`chat: { when: always(), queue: 'chat' }`) })
  const why = async () => (await project.start('cron-mission', ['why', 'chat']).exited).stdout
  await project.start('cron-mission', []).exited
  await waitFor(async () => (await why()).includes('is held now'), { what: 'the worker' })

  const atWork = await why()
  await project.start('cron-mission', ['pause', 'chat', '--reason', 'new server']).exited
  const paused = await why()
  await project.start('cron-mission', ['stop', '--timeout', '20s']).exited

  assert.match(atWork, /^chat is always to be at work: each tick starts what is missing, and shard 0 is held now\.\n/)
  assert.match(
    paused,
    /^chat is paused since .*: new server; cron-mission resume chat starts it again; shard 0 is held now/,
  )
})

test('a run that could not begin says why, and a slot to come is refused', async (t) => {
  const schedule = scheduleOf(`gone: { when: daily('12:00'), exec: ['bin/not-there'] }`)
  const project = await queueProject(t, sqlite, { schedule })

  const ended = await project.start('cron-mission', ['run', 'gone', '--wait']).exited
  const toCome = await project.run('cron-mission', ['run', 'gone', '--slot', new Date(minuteAgo(-5)).toISOString()])

  assert.equal(ended.code, 1)
  assert.match(ended.stdout, /\nTask 1 failed.*: .*not-there.*\.\n$/)
  assertRefusal(
    'cron-mission',
    toCome,
    64,
    /^--slot is .*, which is to come\. Give a minute that is over, or leave it out\.$/,
  )
})

const WRONG: [args: string[], sentence: RegExp][] = [
  [['why'], /^An argument is missing: cron-mission why <job> \[time\]\. See "cron-mission why --help"\.$/],
  [['list', '--next'], /^--next needs a value\. See "cron-mission list --help"\.$/],
  [['--at'], /^--at needs a value\. See "cron-mission --help"\.$/],
  [['run', 'a', '--often'], /^--often is not known here\. See "cron-mission run --help"\.$/],
]

for (const [args, sentence] of WRONG) {
  test(`cron-mission ${args.join(' ')} is refused, and names the help that has more`, async (t) => {
    const project = await queueProject(t, sqlite, { schedule: scheduleOf('') })

    assertRefusal('cron-mission', await project.run('cron-mission', args), 64, sentence)
  })
}

const noTerminal =
  spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0 ? false : 'script(1) gives no terminal'

test('the runs to come fit a terminal of 80 columns', { skip: noTerminal }, async (t) => {
  const schedule = scheduleOf(
    `'nightly-invoices': { when: daily('02:30'), timezone: 'America/Argentina/Buenos_Aires', exec: ['bin/invoices', '--all'] }`,
  )
  const project = await queueProject(t, sqlite, { schedule })
  const command = `stty cols 80; ${process.execPath} ${COMMAND} list --next 3`

  const { stdout } = await runProgram('script', ['-qec', command, '/dev/null'], {
    cwd: project.directory,
    env: { TERM: 'xterm', NO_COLOR: '1' },
    t,
  })

  const lines = stdout.replaceAll('\r', '').trimEnd().split('\n')
  assert.equal(lines.length, 4, stdout)
  assert.ok(Math.max(...lines.map((line) => line.length)) <= 80, stdout)
})

function clockOf(timeZone: string): string {
  return new Intl.DateTimeFormat('sv', { timeZone, timeStyle: 'short' }).format().slice(0, 2)
}
