/**
 * `npm run demo`: the main job in small, on the embedded database, with nothing to install.
 *
 * It makes a project in .demo/ out of the sample schedule and the sample programs, fills its queue with `add-task`, and
 * then does what cron does: a tick of `cron-mission` each minute, only that its minutes are short. The workers are the
 * real ones, left behind by the tick that started them. Some payments are refused at first, so that retries are seen.
 */

import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { grouped } from '../src/amount.ts'
import { progressBar } from '../src/bin/progress.ts'
import { report, tooOld } from '../src/bin/start.ts'
import { Complaint, EXIT } from '../src/exit.ts'
import { openDatabase } from '../src/queue/open-queue.ts'

interface QueueFacts {
  readonly queue: string
  readonly tasks: number
  readonly done: number
  readonly retried: number
  readonly failed: number
}

const ROOT = resolve(import.meta.dirname, '..')
const DEMO = join(ROOT, '.demo')
const LOGS = join(DEMO, 'logs')
const QUEUE_URL = 'sqlite:queue.db'

const MINUTE_MS = 3_000
const MOST_MINUTES = 30
const LOOK_MS = 100
const PLAIN_LINE_MS = 2_000
const LEAVE_MS = 10_000

const GONE_PAYMENT = 13

const COUNTS = 'COUNT(*) AS tasks, SUM(status = 1) AS done, SUM(attempts > 1) AS retried, SUM(status = 3) AS failed'
/** A row for each queue, and one for all of them at the end. */
const FACTS = `
  SELECT queue, ${COUNTS} FROM queue GROUP BY queue
  UNION ALL
  SELECT 'all', ${COUNTS} FROM queue`

const interruption = new AbortController()
const { signal: interrupted } = interruption

try {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interruption.abort(name))
  process.stdout.on('error', () => interruption.abort('SIGPIPE')) // who reads us has left, as `head` does
  process.exitCode = await main()
} catch (error) {
  process.exitCode = interrupted.aborted && !(error instanceof Complaint) ? sayInterrupted() : report('demo', error)
}

async function main(): Promise<number> {
  refuseToStart()
  await endWorkers() // of an earlier demo that was cut off
  const receiver = await listen(answerPayment())
  try {
    makeProject((receiver.address() as AddressInfo).port)
    await command('queuectl', ['migrate'])
    await command('add-task', ['--retry', '1s,1s,1s'], join(DEMO, 'tasks.ndjson'))
    say(`\nNow what cron does every minute; a minute takes ${MINUTE_MS / 1_000} seconds here.`)
    await runSchedule()
    await endWorkers() // all is finished; some would leave by themselves, and some are always at work
    sayWhatNext()
    return EXIT.ok
  } finally {
    await endWorkers()
    receiver.close()
    receiver.closeAllConnections()
  }
}

function refuseToStart(): void {
  const refusal = tooOld(process.versions.node)
  if (refusal !== undefined) throw new Complaint(EXIT.badConfig, refusal)
  if (!['queuectl', 'add-task', 'cron-mission', 'do-queue'].every((name) => fs.existsSync(binFile(name))))
    throw new Complaint(EXIT.badConfig, 'The commands are not built yet. Run npm run build.')
}

/** Every setting is at its default: the queue, the logs and what the programs make lie in the project's directory. */
function makeProject(port: number): void {
  fs.rmSync(DEMO, { recursive: true, force: true })
  fs.mkdirSync(join(DEMO, 'images'), { recursive: true })
  for (const name of ['tasks', 'schedule.ts']) fs.symlinkSync(join('..', name), join(DEMO, name))
  for (let i = 1; i <= 20; i++) fs.writeFileSync(join(DEMO, 'images', `${i}.svg`), `<svg><text>${i}</text></svg>\n`)
  const lines = tasks(port).map((task) => `${JSON.stringify(task)}\n`)
  fs.writeFileSync(join(DEMO, 'tasks.ndjson'), lines.join(''))
  say(`Made a project in .demo/: the sample programs and schedule, ${grouped(lines.length)} tasks.\n`)
}

function tasks(port: number): object[] {
  const many = (most: number, task: (i: number) => object) => Array.from({ length: most }, (_, i) => task(i + 1))
  const hasPhp = spawnSync('php', ['-v']).status === 0
  const url = encodeURIComponent(`http://127.0.0.1:${port}/paid`)
  return [
    ...many(300, (i) => ({ task: 'hello', param: `visitor ${i}` })),
    ...many(hasPhp ? 30 : 0, (i) => ({ task: 'send-msg', param: `uid=${i}&content=Your order has left` })),
    ...many(60, (i) => ({ queue: 'sync-orders', task: 'sync-order', param: `order=${i}` })),
    ...many(24, (i) => ({ queue: 'payments', task: 'notify-payment', param: `url=${url}&payment=${i}&status=paid` })),
    { queue: 'nightly', task: 'backup', param: 'images' },
  ]
}

/** The other side of `notify-payment`: every third payment is refused once, and one is not wanted at all. */
function answerPayment(): RequestListener {
  const known = new Set<number>()
  return async (request, response) => {
    const payment = Number(((await json(request)) as { payment: string }).payment)
    const isRefused = payment % 3 === 0 && !known.has(payment)
    known.add(payment)
    response.writeHead(payment === GONE_PAYMENT ? 410 : isRefused ? 503 : 200).end()
  }
}

function listen(answer: RequestListener): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(answer)
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

async function runSchedule(): Promise<void> {
  const db = await openDatabase(QUEUE_URL, DEMO)
  const bar = progressBar('  working')
  const startedAt = performance.now()
  let saidAt = startedAt
  try {
    for (let tick = 0; tick < MOST_MINUTES; tick++) {
      const minuteEndsAt = performance.now() + MINUTE_MS
      await runTick(tick)
      while (performance.now() < minuteEndsAt) {
        const facts = await db.all<QueueFacts>(FACTS)
        const { tasks, finished } = total(facts)
        bar.update(finished, tasks)
        if (finished === tasks) {
          bar.end()
          return sayFacts(facts, (performance.now() - startedAt) / 1_000)
        }
        if (!process.stderr.isTTY && performance.now() - saidAt >= PLAIN_LINE_MS) {
          saidAt = performance.now()
          say(`       ${finished} of ${tasks} finished`)
        }
        await sleep(LOOK_MS, undefined, { signal: interrupted })
      }
      bar.end()
    }
    const { tasks, finished } = total(await db.all<QueueFacts>(FACTS))
    throw new Complaint(
      EXIT.internal,
      `${tasks - finished} of ${tasks} tasks are not finished after ${MOST_MINUTES} ticks. Look into .demo/logs.`,
    )
  } finally {
    bar.end()
    await db.close()
  }
}

/** A minute in the small hours of a winter day: the nightly job is due, and no zone puts its clocks forward. */
async function runTick(tick: number): Promise<void> {
  const time = `02:${30 + tick}`
  const before = started().length
  await command('cron-mission', ['--at', `${new Date().getFullYear()}-01-15 ${time}`])
  const jobs = started()
    .slice(before)
    .map(({ job, pids }) => `${job} × ${pids.length}`)
  say(`${time}  ${jobs.length === 0 ? 'nothing new to start' : `started ${jobs.join(', ')}`}`)
}

function total(facts: readonly QueueFacts[]) {
  const { tasks = 0, done = 0, failed = 0 } = facts.at(-1) ?? {}
  return { tasks, finished: done + failed, failed }
}

function sayFacts(facts: readonly QueueFacts[], seconds: number): void {
  const line = (name: string, ...cells: string[]) => `  ${name.padEnd(12)}${cells.map((it) => it.padStart(9)).join('')}`
  say(`\n${line('queue', 'tasks', 'done', 'retried', 'failed')}`)
  for (const { queue, tasks, done, retried, failed } of facts)
    say(line(queue, grouped(tasks), grouped(done), grouped(retried), grouped(failed)))
  const { tasks, failed } = total(facts)
  const workers = started().flatMap(({ pids }) => pids).length
  say(`\n${seconds.toFixed(1)} s, ${grouped(Math.round(tasks / seconds))} tasks per second, by ${workers} workers.`)
  if (failed !== 1)
    throw new Complaint(EXIT.internal, `${failed} tasks failed, and 1 was to. Look for task-failed in .demo/logs.`)
  say(`Payment ${GONE_PAYMENT} failed for good, because its receiver answered 410 Gone.`)
}

function sayWhatNext(): void {
  const node = fs.existsSync(join(ROOT, 'node_modules/.bin/node')) ? 'node_modules/.bin/node' : 'node'
  const line = (name: string, rest = '') => `  ${node} dist/bin/${name}.js --directory .demo ${rest}`.trimEnd()
  const settings = Object.keys(process.env).filter((name) => name.startsWith('QUEUE_'))
  say('Every start and end, and what the programs printed, is in .demo/logs. To go on:\n')
  say('  # the payment that failed, as the log tells it')
  say('  grep -A 1 task-failed .demo/logs/do-queue-*.log')
  say('  # a task of your own, and the tick that has it run')
  if (settings.length > 0) say(`  unset ${settings.join(' ')}`)
  say(line('add-task', 'hello you'))
  say(line('cron-mission'))
  say('  # what runs when')
  say(line('cron-mission', 'list'))
}

/**
 * Runs one of our commands in the project, to its end. It has a session of its own: Ctrl-C is for us, and a tick that is
 * starting workers gets to write down which.
 */
async function command(name: string, args: readonly string[], input?: string): Promise<void> {
  interrupted.throwIfAborted()
  if (name !== 'cron-mission') say(`$ ${[name, ...args].join(' ')}${input === undefined ? '' : ' < tasks.ndjson'}`)
  const stdin = input === undefined ? 'ignore' : fs.openSync(input, 'r')
  const child = spawn(process.execPath, [binFile(name), ...args, '--directory', DEMO], {
    detached: true,
    env: environment(),
    stdio: [stdin, 'inherit', 'inherit'],
  })
  if (typeof stdin === 'number') fs.closeSync(stdin)
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? EXIT.internal))
  })
  interrupted.throwIfAborted()
  if (code !== 0) throw new Complaint(EXIT.internal, `${name} ended with ${code}; what it said stands above.`)
}

function binFile(name: string): string {
  return join(ROOT, 'dist', 'bin', `${name}.js`)
}

/** Ours, without what would lead out of the directory: into the caller's database, or into their warehouse. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(QUEUE_|NODE_EXTRA_CA_CERTS$)/.test(name))
  return { ...Object.fromEntries(own), OUTBOX: 'outbox/messages.log', WAREHOUSE: 'warehouse.db', BACKUP_DIR: 'backups' }
}

/** The jobs that ticks have started, oldest first, as the log of `cron-mission` tells. */
function started(): { readonly job: string; readonly pids: readonly number[] }[] {
  const files = fs.existsSync(LOGS) ? fs.readdirSync(LOGS).filter((name) => name.startsWith('cron-mission-')) : []
  const text = files.map((name) => fs.readFileSync(join(LOGS, name), 'utf8')).join('')
  const lines = [...text.matchAll(/ job-started job=(\S+) .*pids=([\d,]+)/g)]
  return lines.map(([, job = '', pids = '']) => ({ job, pids: pids.split(',').map(Number) }))
}

/** Those of them that are at work in the project. A pid alone may be somebody else's by now; only /proc can tell. */
function workers(): number[] {
  const pids = started().flatMap(({ pids }) => pids)
  return pids.filter((pid) => attempt(() => fs.readlinkSync(`/proc/${pid}/cwd`)) === DEMO)
}

/** Told to, they finish what they have begun. */
async function endWorkers(): Promise<void> {
  if (await haveLeft(0)) return
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    for (const pid of workers()) attempt(() => process.kill(pid, signal))
    if (await haveLeft(LEAVE_MS)) return
  }
  throw new Complaint(EXIT.internal, `The workers ${workers().join(', ')} do not end. End them with kill -9.`)
}

async function haveLeft(withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (workers().length > 0) {
    if (performance.now() >= deadline) return false
    await sleep(20)
  }
  return true
}

/** For what fails only when a process has just ended. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function sayInterrupted(): number {
  const signal = interrupted.reason as NodeJS.Signals
  process.stderr.write(`demo: ended by ${signal}; its workers are stopped.\n`)
  return 128 + constants.signals[signal]
}
