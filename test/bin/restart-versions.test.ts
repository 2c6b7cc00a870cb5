/**
 * `cron-mission restart` of what is no worker of a queue that stays, and of a version that does not start.
 */
import assert from 'node:assert/strict'
import { cpSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { binFile, runProgram, waitFor } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const ENDLESS = '#!/bin/sh\necho $$ >>began\nwhile :; do sleep 0.05; done\n'

async function project(t: TestContext, jobs: string): Promise<QueueProject> {
  return queueProject(t, sqlite, {
    tasks: { endless: ENDLESS },
    schedule: `import { always, defineSchedule, every } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: { ${jobs} } })
`,
  })
}

async function pids({ db }: QueueProject): Promise<number[]> {
  const rows = await db.all<{ pid: number }>('SELECT pid FROM worker WHERE seat IS NOT NULL ORDER BY shard')
  return rows.map(({ pid }) => Number(pid))
}

test('a command that is always at work is ended and begun again at once, and a drain gives it its grace', async (t) => {
  const p = await project(t, `intake: { when: always(), exec: ['tasks/endless'], grace: '1s' }`)
  const ask = (...args: readonly string[]) => p.start('cron-mission', args).exited
  await ask('start')
  await waitFor(() => p.lines('began').length === 1, { what: 'the program to begin' })
  const [old] = await pids(p)

  const restart = await ask('restart', 'intake')
  await waitFor(() => p.lines('began').length === 2, { what: 'the program to begin again' })
  const [fresh] = await pids(p)
  const [first, second] = p.lines('began').map(Number)
  const wasAlone = !isAlive(first ?? 0) && isAlive(second ?? 0)
  const drain = await ask('drain')
  const resumed = await ask('start')
  const stop = await ask('stop', '--now')
  const started = await ask('start')
  await ask('stop', '--kill')

  assert.deepEqual([restart.code, restart.stderr], [0, ''])
  assert.match(
    restart.stdout,
    new RegExp(`^intake on \\S+: ${old} -> ${fresh} \\(\\d+\\.\\d s\\)\n1 worker was replaced in \\d+\\.\\d s\\.\n$`),
  )
  assert.ok(wasAlone)
  assert.equal(drain.code, 0)
  assert.match(drain.stdout, /^All jobs are stopped on \S+\. 1 worker left within \d+ s\./)
  assert.match(resumed.stdout, /^All jobs may be started again on \S+\.\nJob intake: 1 worker started: \d+\.\n$/)
  assert.deepEqual([stop.code, started.code], [0, 0])
  assert.match(started.stdout, /Job intake: 1 worker started: \d+\.\n$/)
  const rows = await p.rows()
  assert.equal(rows.length, 1)
})

test('a worker that leaves when its queue is empty is replaced, too, and its program goes on', async (t) => {
  const p = await project(t, `mail: { when: every('1h'), queue: 'mail' }`)
  const [id] = await p.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
  const started = await p.start('cron-mission', ['run', 'mail', '--no-wait']).exited
  await p.started(id)
  const [old] = await pids(p)

  const { code, stdout, stderr } = await p.start('cron-mission', ['restart']).exited
  p.release('go')
  await waitFor(() => p.runners().length === 0, { what: 'the program to end' })
  const tick = async () => (await p.start('cron-mission').exited).code === 0 && (await p.states())[0] === 'done'
  await waitFor(tick, { what: 'a tick to book what nobody was left to book' })

  assert.deepEqual([started.code, code, stderr], [0, 0, ''])
  assert.match(stdout, new RegExp(`^mail 0/1 on \\S+: ${old} -> (\\d+|nothing left to do) \\(`))
  assert.equal((await p.row(id)).attempts, 1)
  await p.nothingIsLeft()
})

test('a command that does not end in time is named, and so is one that does not begin again', async (t) => {
  const p = await project(t, `intake: { when: always(), exec: ['tasks/endless'], grace: '1s' }`)
  writeFileSync(p.path('tasks/endless'), ENDLESS.replace('echo', "trap '' TERM\necho"))
  await p.start('cron-mission', ['start']).exited
  await waitFor(() => p.lines('began').length === 1, { what: 'the program to begin' })
  const [pid] = await pids(p)

  const late = await p.start('cron-mission', ['restart', '--timeout', '100ms']).exited
  await waitFor(async () => (await pids(p)).length === 0, { what: 'the worker to leave' })
  await p.start('cron-mission', ['start']).exited
  const broken = await runProgram(process.execPath, [brokenBuild(p), 'restart', 'intake'], { cwd: p.directory, t })

  assert.equal(late.code, 75)
  assert.equal(
    late.stderr,
    `cron-mission: After 100ms, the command of job "intake" had not ended: ${pid} sees to that. When it has, "cron-mission start intake", a daemon or the next tick runs it again.\n`,
  )
  assert.equal(broken.code, 75)
  assert.match(broken.stderr, /^cron-mission: The command of job "intake" has ended and is not at work again: the log /)
})

test('a schedule that does not load and a build that does not start replace nobody', async (t) => {
  const p = await project(t, `mail: { when: always(), queue: 'mail', shards: 2 }`)
  await p.start('cron-mission', ['start']).exited
  const before = await pids(p)

  const build = await runProgram(process.execPath, [brokenBuild(p), 'restart'], { cwd: p.directory, t })
  writeFileSync(p.path('schedule.ts'), 'export default {{')
  const schedule = await p.start('cron-mission', ['restart']).exited

  assert.equal(build.code, 75, build.stderr)
  assert.match(
    build.stderr,
    new RegExp(
      `^cron-mission: mail 0/2 on \\S+ was not replaced: the new worker \\d+ ended with exit 1; ${before[0]} goes on\\. .* 1 step more was not begun: nothing was asked of those workers\\.\n$`,
    ),
  )
  assert.equal(schedule.code, 78)
  assert.match(
    schedule.stderr,
    /The schedule does not load: .* No worker was replaced; a job that can be read may be named\.\n$/,
  )
  assert.equal(schedule.stdout, '')
  assert.deepEqual(await pids(p), before)
  assert.ok(before.length === 2 && before.every(isAlive))
})

/** Of which `do-queue` does not start. @returns its `cron-mission` */
function brokenBuild(p: QueueProject): string {
  const dist = resolve(binFile('do-queue'), '../..')
  cpSync(dist, p.path('new/dist'), { recursive: true, filter: (path) => !/\.map$|\.d\.ts$/.test(path) })
  symlinkSync(join(dist, '../node_modules'), p.path('new/node_modules'))
  cpSync(join(dist, '../package.json'), p.path('new/package.json'))
  writeFileSync(p.path('new/dist/bin/do-queue.js'), 'const =')
  return p.path('new/dist/bin/cron-mission.js')
}
