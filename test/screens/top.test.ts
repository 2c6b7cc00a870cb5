/** The board on a real terminal: what a person sees of real workers, and what the keys do; and the board as text and as JSON. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { binFile, runProgram, waitFor } from '../helpers/processes.ts'
import { matchesScreen, type Replacement, WITHOUT_TERMINAL } from '../helpers/screen.ts'
import { board, busyProject, SMALL } from './board.ts'

/** What differs from run to run, each by a word of the width of its column. */
const BOARD: readonly Replacement[] = [
  [/^queuectl top {2}.+$/gm, `queuectl top  DATABASE${' '.repeat(32)}YYYY-MM-DD hh:mm:ss  fresh`],
  [/ +[\d,]+ +[\d,]+ +[▁▂▃▄▅▆▇█·]+/g, '     N      N BARS'],
  [/(?<=^(?: {2}| +\d+ +\S+ +\S+ +))\S+:\d+/gm, 'HOST:PID', 'column'],
  [/ +(?:\d+[dhms]+)+(?= |$)(?! ago)/gm, 'TIME'],
  [/\S+@\S+?(?=[.:](?: |$))/gm, 'WHO'],
]

for (const database of DATABASES) {
  test(`the board at 80 and 140 columns (${database.name})`, { skip: WITHOUT_TERMINAL }, async (t) => {
    const project = await busyProject(t, database)
    const screen = await board(t, project)

    await screen.until(/RUNNING +FOR/, 'the running tasks')
    await matchesScreen('top-80', await screen.text(), BOARD)
    await screen.resize(140, 40)
    await screen.until(/DONE\/MIN[\s\S]*every 1s/, 'the wide board')
    await matchesScreen('top-140', await screen.text(), BOARD)
    await screen.resize(50, 20)
    await screen.until(/^The board needs 60 × 15\.$/)
  })

  test(`from the board to a queue, to a task, and back; then a pause (${database.name})`, {
    skip: WITHOUT_TERMINAL,
  }, async (t) => {
    const project = await busyProject(t, database)
    const screen = await board(t, project)
    const pauses = () => project.db.all("SELECT name FROM setting WHERE name LIKE 'pause-%'")

    await screen.press('Down', 'j', 'k')
    await screen.until('▸ mail')
    await screen.press('Enter')
    await screen.until(/MEDIAN[\s\S]*RUNNING/, 'the programs of the queue')
    await matchesScreen('top-queue', await screen.text(), BOARD)
    await screen.press('Down')
    await screen.until(/▸ +1 /)
    await screen.press('Enter')
    await screen.until(/Task 1 (?!…)/, 'why it stands so')
    await screen.resize(140, SMALL.rows) // lines that hold a host's name are not broken
    await screen.until(/ {60}every 1s$/)
    await matchesScreen('top-task', await screen.text(), BOARD)
    await screen.resize(SMALL.columns, SMALL.rows)
    await screen.press('Escape')
    await screen.until(/▸ +1 /)
    await screen.press('Escape')
    await screen.until(/▸ mail[\s\S]*orders/)
    await screen.press('?')
    await screen.until(/any key.{60,70}every 1s$/)
    await matchesScreen('top-keys', await screen.text(), BOARD)

    await screen.press('x', 'p')
    await screen.until('Pause queue mail (y/n)?')
    await matchesScreen('top-ask', (await screen.text()).split('\n').at(-1) ?? '')
    await screen.press('n')
    await screen.until('Nothing was changed.')
    assert.deepEqual(await pauses(), [])
    await screen.press('p', 'y')
    await screen.until(/mail ‖[\s\S]*Queue mail is paused\./)
    assert.equal((await pauses()).length, 1)
    await screen.until(
      /mail ‖ +2 +1 +1 [\s\S]* of 1 +1 [\s\S]* of 1 +1 /,
      'the worker to give back what it had claimed',
    )
    await matchesScreen('top-paused', await screen.text(), BOARD)
    await screen.press('p')
    await screen.until('Resume queue mail (y/n)?')
    await screen.press('y')
    await screen.until((text) => !text.includes('‖') && text.includes('Queue mail goes on'), 'the queue to go on')
    assert.deepEqual(await pauses(), [])
  })

  test(`problems stand on top (${database.name})`, { skip: WITHOUT_TERMINAL }, async (t) => {
    const project = await queueProject(t, database, { env: { QUEUE_TIMEZONE: 'UTC' } })
    const { db } = project
    const { fromNow } = db.dialect
    await project.insert(
      { queue: 'mail', task: 'say', ctime: -600_500 },
      { queue: 'mail', task: 'say', ctime: -600_500 },
    )
    await project.insert({ queue: 'orders', task: 'say', status: 2, worker_id: 1 })
    const WORKER = 'queue, total, shard, seat, host, boot_id, pid, pid_start, lease_until'
    await db.run(
      `INSERT INTO worker (${WORKER}) VALUES ('orders', 2, 1, 'orders/2/1', 'web-9', 'boot', 17, 17, ${fromNow('?')})`,
      [-90_500],
    )
    const setting = (name: string, value: string) =>
      db.run(`INSERT INTO setting (name, value, mtime) VALUES (?, ?, ${fromNow('?')})`, [name, value, -600_500])
    await setting('tick:web-9', JSON.stringify({ minute: 0, plan: 'x' }))
    await setting('incident:backup', JSON.stringify({ open: { event: 'failure', since: 0 }, pending: [], triedAt: 0 }))
    await setting('stop:import@*', 'anna@web-1')
    await setting('pause-task:*/send-msg', JSON.stringify({ by: 'anna@web-1', reason: 'disk\u001b[2J swap' }))
    const screen = await board(t, project)

    await matchesScreen('top-problems', await screen.until('Job import'), BOARD)
  })
}

test('in a pipe the board is printed once, and as JSON it is facts', async (t) => {
  const project = await busyProject(t, DATABASES[0] as Database)
  const top = (...args: string[]) => project.start('queuectl', ['top', ...args], { env: { COLUMNS: '100' } }).exited

  const text = await top()
  const json = await top('--json', '--once', '--queue', 'mail')

  assert.equal(text.stderr, '')
  assert.match(text.stdout, /^queuectl top {2}.*\n[\s\S]*QUEUE[\s\S]*RUNNING[\s\S]*wait-for/)
  assert.doesNotMatch(text.stdout, /\p{Cc}(?<!\n)/u)
  assert.ok(text.stdout.split('\n').every((line) => [...line].length <= 100))
  const facts = JSON.parse(json.stdout)
  assert.deepEqual(
    facts.queues.map(({ queue, running }: { queue: string; running: unknown }) => ({ queue, running })),
    [{ queue: 'mail', running: { count: 3, isExact: true, isLeast: false } }],
  )
  assert.deepEqual(
    facts.running.map((one: Record<string, unknown>) => [one.id, one.shardKey, one.param, one.hasBegun]),
    [
      [1, 'customer-4', 'go', true],
      [2, 'customer-4', 'go', false],
      [3, 'customer-4', 'go', false],
    ],
  )
})

test('as JSON it goes on, an object for each look, until it is stopped', async (t) => {
  const project = await busyProject(t, DATABASES[0] as Database)
  const top = project.start('queuectl', ['top', '--json', '--interval', '200ms'])

  await waitFor(() => top.stdout.split('\n').length > 3, { what: 'three looks' })
  top.kill()

  const { code, stdout } = await top.exited
  assert.equal(code, 143)
  for (const line of stdout.trimEnd().split('\n')) assert.equal(JSON.parse(line).queues.length, 2)
})

test('as JSON it ends when nobody reads any more', async (t) => {
  const project = await busyProject(t, DATABASES[0] as Database)
  const command = `node ${JSON.stringify(binFile('queuectl'))} top --json --interval 200ms | head -n 2 | wc -l`

  const { stdout, stderr } = await runProgram('/bin/sh', ['-c', command], { cwd: project.directory, t })

  assert.deepEqual([stdout.trim(), stderr], ['2', ''])
})

test('an interval that makes no sense is refused', async (t) => {
  const project = await queueProject(t, DATABASES[0] as Database)

  const { code, stderr } = await project.run('queuectl', ['top', '--interval', '50ms'])

  assert.equal(code, 64)
  assert.equal(stderr, 'queuectl: --interval is 50ms. Use a duration from 200ms to 1h.\n')
})
