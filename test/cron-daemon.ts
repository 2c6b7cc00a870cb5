/**
 * `npm run test:cron-daemon`: the real thing. Debian's cron runs the line of crontab.example, and ten workers sync ten
 * thousand orders out of a MariaDB server, each of them once. Run by a person, as root; it takes a minute or two.
 *
 * Where mounts are allowed, cron gets a spool, an /etc/cron.d, a /run and a sendmail of this run's own: it reads no
 * crontab but ours, and may run beside the machine's own daemon. Elsewhere, as in most containers, there must be no
 * daemon and no crontab of root, and what we put there is taken away again however this program ends.
 */

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise'
import { grouped } from '../src/amount.ts'
import { progressBar } from '../src/bin/progress.ts'
import { makeDirectory } from './helpers/cleanup.ts'
import { type Keeper, type Kept, keep } from './helpers/keeper.ts'
import { startMariadb } from './helpers/mariadb.ts'
import { runProgram } from './helpers/processes.ts'
import { findProgram, findServer, installServer, isRoot } from './helpers/server-program.ts'

interface Place {
  /** For the crontab and what cron finds around it; removed in the end. */
  readonly directory: string
  /** In it, the project. */
  readonly project: string
}

interface Event {
  readonly at: number
  readonly pid: string
  readonly name: string
  readonly text: string
}

const ROOT = resolve(import.meta.dirname, '..')
const SKIPPED = 77
const ORDERS = 10_000
const SHARDS = 10
const PASSWORD = '50%/day #1?'

const PATIENCE_MS = 300_000
const LEAVE_MS = 10_000
const LOOK_MS = 250
const PLAIN_LINE_MS = 10_000
const LOG_LINES = 5

const SCHEDULE = `import { defineSchedule, every } from 'cron-mission'

export default defineSchedule({
  timezone: 'system',
  jobs: { 'sync-orders': { when: every('1m'), queue: 'sync-orders', shards: ${SHARDS} } },
})
`
const PROGRAM = `#!/bin/sh
printf '%s\\n' "\${1#order=}" >>synced
`

const CRON_BY_ITSELF = `
  set -e
  cd "$1"
  mount --bind spool /var/spool/cron/crontabs
  mount --bind nothing /etc/cron.d
  mount --bind /dev/null /etc/crontab
  mount --bind run /run
  mount --bind sbin /usr/sbin
  crontab crontab
  exec /usr/sbin/cron -f
`
const CRON_OF_THE_MACHINE = `
  set -e
  cd "$1"
  cp sbin/sendmail /usr/sbin/sendmail
  crontab crontab
  exec cron -f
`
const UNDO = `
  trap '' HUP INT TERM
  read -r line
  crontab -r
  rm -f /usr/sbin/sendmail /run/crond.pid
`

const run = promisify(execFile)
const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => interruption.abort(name))

try {
  process.exitCode = await main()
} catch (error) {
  const { signal } = interruption
  console.error(`cron-daemon: ${signal.aborted ? `ended by ${signal.reason}` : error}`)
  process.exitCode = 1
}

async function main(): Promise<number> {
  const reason = await whyNotHere()
  if (reason !== undefined) {
    console.error(`cron-daemon: skipped. ${reason}`)
    return SKIPPED
  }
  const directory = makeDirectory()
  const place = { directory, project: join(directory, 'project') }
  const keeper = keep(directory)
  const server = await startMariadb()
  try {
    const { url, db } = await makeDatabase(server.url)
    makeSurroundings(place)
    await makeProject(place, url)
    await runByHand(place)
    await addOrders(db)
    await runUnderCron(keeper, place, db)
    await verify(place, db)
    return 0
  } catch (error) {
    if (!interruption.signal.aborted) showLogs(place)
    throw error
  } finally {
    await killAllIn(place)
    await keeper.close()
    await server.stop()
  }
}

/** @returns a sentence, when it cannot be run on this machine; programs that are missing are installed */
async function whyNotHere(): Promise<string | undefined> {
  if (!isRoot()) return 'Only root may run a cron daemon: run it as root, in a container or on a machine of your own.'
  if (findProgram('apt-get') === undefined) return 'It needs the cron of a Debian, which this is not.'
  if (findServer() === undefined) await installServer()
  if (findProgram('cron') === undefined) await installCron()
  if (await mayMount()) return undefined
  const hasCrontab = await succeeds('crontab', ['-l'])
  const hasMail = fs.existsSync('/usr/sbin/sendmail')
  if (!hasCrontab && !hasMail && !isCronRunning()) return undefined
  return 'Mounts are not allowed here, and there is a cron daemon, a crontab of root or a sendmail that would be in the way.'
}

async function installCron(): Promise<void> {
  console.log('Installing cron with apt-get.')
  const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', 'cron'])
  await install().catch(() => run('apt-get', ['update']).then(install))
}

function mayMount(): Promise<boolean> {
  return succeeds('unshare', ['-m', 'mount', '--bind', '/dev/null', '/etc/crontab'])
}

function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  )
}

/** A user with a password that every reader of URLs and of .env files has to take apart correctly. */
async function makeDatabase(serverUrl: string): Promise<{ url: string; db: Connection }> {
  const admin = await mysql.createConnection({ uri: serverUrl })
  await admin.query('CREATE DATABASE shop')
  await admin.query("CREATE USER shop@'127.0.0.1' IDENTIFIED BY ?", [PASSWORD])
  await admin.query("GRANT ALL ON shop.* TO shop@'127.0.0.1'")
  await admin.end()
  const url = new URL(`${serverUrl}/shop`)
  url.username = 'shop'
  url.password = encodeURIComponent(PASSWORD)
  const { hostname: host, port, username: user } = url
  return {
    url: url.href,
    db: await mysql.createConnection({ host, port: Number(port), user, password: PASSWORD, database: 'shop' }),
  }
}

function makeSurroundings({ directory, project }: Place): void {
  const path = (...parts: string[]) => join(directory, ...parts)
  for (const name of ['spool', 'nothing', 'run', 'sbin']) fs.mkdirSync(path(name))
  fs.copyFileSync(findProgram('cron') ?? '', path('sbin/cron'))
  fs.writeFileSync(path('sbin/sendmail'), `#!/bin/sh\ncat >>'${path('mail')}'\n`, { mode: 0o755 })
  const example = fs.readFileSync(join(ROOT, 'crontab.example'), 'utf8')
  fs.writeFileSync(path('crontab'), example.replaceAll('/srv/shop', project))
}

/** As a shop has one after `npm install`: our commands and a Node in node_modules/.bin. */
async function makeProject({ project }: Place, url: string): Promise<void> {
  const path = (...parts: string[]) => join(project, ...parts)
  fs.mkdirSync(path('node_modules/.bin'), { recursive: true })
  fs.symlinkSync(ROOT, path('node_modules/cron-mission'))
  fs.symlinkSync(process.execPath, path('node_modules/.bin/node'))
  for (const name of ['cron-mission', 'queuectl'])
    fs.symlinkSync(`../cron-mission/dist/bin/${name}.js`, path('node_modules/.bin', name))
  fs.mkdirSync(path('tasks'))
  fs.writeFileSync(path('tasks/sync-orders'), PROGRAM, { mode: 0o755 })
  fs.writeFileSync(path('schedule.ts'), SCHEDULE)
  fs.writeFileSync(path('.env'), `QUEUE_URL=${url}\n`, { mode: 0o600 })
  const { code, stderr } = await runProgram(path('node_modules/.bin/queuectl'), ['migrate'], { cwd: project })
  assert.equal(code, 0, stderr)
}

/** The line in the environment that cron gives it, while the queue is empty. */
async function runByHand(place: Place): Promise<void> {
  const crontab = fs.readFileSync(join(place.directory, 'crontab'), 'utf8')
  const [, line = ''] = /^\* \* \* \* \* (.+)$/m.exec(crontab) ?? []
  const environment = [`HOME=${homedir()}`, 'LOGNAME=root', 'PATH=/usr/bin:/bin', 'SHELL=/bin/sh']

  const ended = await runProgram('env', ['-i', ...environment, '/bin/sh', '-c', line], { cwd: homedir() })

  assert.deepEqual(ended, { code: 0, signal: null, stdout: '', stderr: '' })
  assert.deepEqual(numbers(events(place, 'cron-mission')), { tick: 1, 'job-skipped': 1 })
  say('The line of crontab.example in the bare environment of cron: exit code 0, nothing printed.')
}

/** In plain SQL, as any program of the shop would. */
async function addOrders(db: Connection): Promise<void> {
  for (let first = 1; first <= ORDERS; first += 1_000) {
    const rows = Array.from({ length: 1_000 }, (_, i) => `('sync-orders', 'sync-orders', 'order=${first + i}')`)
    await db.query(`INSERT INTO queue (queue, task, param) VALUES ${rows.join(', ')}`)
  }
  say(`${grouped(ORDERS)} orders are in the queue.`)
}

async function runUnderCron(keeper: Keeper, place: Place, db: Connection): Promise<void> {
  const output = join(place.directory, 'cron.out')
  const isAlone = await mayMount()
  const undo = isAlone
    ? undefined
    : spawn('/bin/sh', ['-c', UNDO], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  const args = isAlone ? ['unshare', '-m', '/bin/sh', '-c', CRON_BY_ITSELF] : ['/bin/sh', '-c', CRON_OF_THE_MACHINE]
  const cron = keeper.start('env', [...args, 'sh', place.directory], { output })
  try {
    await ordersAreDone(db, cron, output)
    await workersHaveLeft(place)
  } finally {
    cron.child.kill('SIGTERM')
    await cron.exited
    if (undo !== undefined) {
      undo.stdin.end()
      await once(undo, 'exit')
    }
  }
}

async function ordersAreDone(db: Connection, cron: Kept, output: string): Promise<void> {
  say("Cron runs; it starts the line with the next minute's first second.")
  const bar = progressBar('syncing')
  const deadline = performance.now() + PATIENCE_MS
  let sayAt = performance.now() + PLAIN_LINE_MS
  for (;;) {
    const [rows] = await db.query<RowDataPacket[]>('SELECT COUNT(*) AS done FROM queue WHERE status = 1')
    const done = Number(rows[0]?.done)
    if (done === ORDERS) break
    if (done > 0) bar.update(done, ORDERS)
    if (done > 0 && !process.stderr.isTTY && performance.now() > sayAt) {
      say(`  ${grouped(done)} of ${grouped(ORDERS)} are done`)
      sayAt = performance.now() + PLAIN_LINE_MS
    }
    assert.equal(cron.child.exitCode, null, `Cron has ended: ${fs.readFileSync(output, 'utf8')}`)
    assert.ok(performance.now() < deadline, `Only ${done} orders were done in ${PATIENCE_MS / 1_000} s.`)
    await sleep(LOOK_MS, undefined, { signal: interruption.signal })
  }
  bar.end()
}

async function workersHaveLeft(place: Place): Promise<void> {
  const deadline = performance.now() + LEAVE_MS
  while (processesIn(place).length > 0 && performance.now() < deadline) await sleep(20)
}

async function verify(place: Place, db: Connection): Promise<void> {
  const left = processesIn(place)
  assert.deepEqual(left, [])

  const synced = fs.readFileSync(join(place.project, 'synced'), 'utf8').trimEnd().split('\n').map(Number)
  const [[facts]] = await db.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS tasks, MAX(id) AS last, SUM(status = 1 AND attempts = 1) AS done,
            UNIX_TIMESTAMP(MAX(finished_at)) AS finishedAt, (SELECT COUNT(*) FROM worker) AS workers
       FROM queue`,
  )
  assert.equal(synced.length, ORDERS)
  assert.equal(new Set(synced).size, ORDERS)
  assert.ok(synced.every((id) => id >= 1 && id <= ORDERS))
  assert.equal(Number(facts?.tasks), ORDERS)
  assert.equal(Number(facts?.last), ORDERS)
  assert.equal(Number(facts?.done), ORDERS)
  assert.equal(Number(facts?.workers), 0)

  const mission = events(place, 'cron-mission')
  const started = mission.filter(({ name }) => name === 'job-started')
  assert.equal(started.length, 1)
  assert.equal(/pids=([\d,]+)$/.exec(started[0]?.text ?? '')?.[1]?.split(',').length, SHARDS)
  const work = numbers(events(place, 'do-queue'))
  assert.deepEqual(work, { 'worker-start': SHARDS, 'task-done': ORDERS, 'worker-end': SHARDS })

  const state = fs.readdirSync(join(place.project, '.queue'))
  assert.ok(
    state.every((name) => name.startsWith('plan-')),
    state.join(),
  ) // the schedule's, kept on purpose
  const entries = ['.env', '.queue', 'logs', 'node_modules', 'schedule.ts', 'synced', 'tasks']
  assert.deepEqual(fs.readdirSync(place.project).toSorted(), entries)
  assert.equal(fs.readFileSync(join(place.directory, 'cron.out'), 'utf8'), '')
  assert.ok(!fs.existsSync(join(place.directory, 'mail')), 'Cron has sent a mail.')
  say('Each order was synced once and done after one attempt. Both logs tell it, and cron had nothing to mail.\n')

  const ticks = mission.filter(({ name }) => name === 'tick').slice(1) // the first was by hand
  const firstTickAt = ticks.find(({ pid }) => pid === started[0]?.pid)?.at ?? Number.NaN
  const seconds = Number(facts?.finishedAt) - firstTickAt / 1_000
  say(figure('seconds from the first tick to the last row', seconds.toFixed(1)))
  say(figure('tasks per second', grouped(Math.round(ORDERS / seconds))))
  say(figure('ticks', grouped(ticks.length)))
  say(figure('workers started', grouped(work['worker-start'] ?? 0)))
  say(figure('processes left', grouped(left.length)))
}

/** Of one day's log, or of two when midnight came in between. Our program prints nothing, so every line is an event. */
function events({ project }: Place, log: string): Event[] {
  const logs = join(project, 'logs')
  const files = fs.readdirSync(logs).filter((file) => file.startsWith(`${log}-`))
  const lines = files.toSorted().flatMap((file) => fs.readFileSync(join(logs, file), 'utf8').trimEnd().split('\n'))
  return lines.map((text) => {
    const [time = '', , pid = '', , name = ''] = text.split(' ')
    return { at: Date.parse(time), pid, name, text }
  })
}

function numbers(all: readonly Event[]): Record<string, number> {
  const byName = Object.groupBy(all, ({ name }) => name)
  return Object.fromEntries(Object.entries(byName).map(([name, some = []]) => [name, some.length]))
}

function showLogs(place: Place): void {
  for (const log of ['cron-mission', 'do-queue'])
    for (const { text } of attempt(() => events(place, log).slice(-LOG_LINES)) ?? []) console.error(text)
}

/** Whatever cron starts is at work in the project, and nothing else is. */
function processesIn({ project }: Place): string[] {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => attempt(() => fs.readlinkSync(`/proc/${pid}/cwd`)) === project)
}

/** Looks again, because one of them may just have started another. */
async function killAllIn(place: Place): Promise<void> {
  for (let left = processesIn(place); left.length > 0; left = processesIn(place)) {
    for (const pid of left) attempt(() => process.kill(Number(pid), 'SIGKILL'))
    await sleep(20)
  }
}

function isCronRunning(): boolean {
  const isCron = (pid: string) => /^crond?\n/.test(attempt(() => fs.readFileSync(`/proc/${pid}/comm`, 'utf8')) ?? '')
  return fs.readdirSync('/proc').some(isCron)
}

/** For what fails only when a process has just ended. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}

function figure(name: string, value: string): string {
  return `  ${name.padEnd(46)}${value.padStart(8)}`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
