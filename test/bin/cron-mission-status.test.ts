/**
 * `cron-mission status`: what it shows of hosts, workers, runs, what waits and what is kept back, and when it exits 1.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { writeTick } from '../../src/queue/store/tick-row.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type HandProject, handProject, minuteAgo, timeText } from './hand-project.ts'
import { queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const HOST = hostname()
const AGO = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d \\(([\\dms]+ ago|now)\\)'

/** The lines of a block of the text, by its first title. */
function block(stdout: string, title: string): string[] {
  const blocks = stdout.split('\n\n').map((text) => text.trimEnd().split('\n'))
  return blocks.find(([head]) => head?.startsWith(title))?.slice(1) ?? []
}

/** A tick of another host, so long ago by the database's clock. */
async function tickOf(project: HandProject, host: string, secondsAgo: number, plan: string): Promise<void> {
  const { db } = project
  await writeTick(db, { host, minute: minuteAgo(0), plan })
  await db.run(`UPDATE setting SET mtime = ${db.dialect.fromNow('?')} WHERE name = ?`, [
    -secondsAgo * 1_000,
    `tick:${host}`,
  ])
}

async function planOf(project: HandProject): Promise<string> {
  return JSON.parse((await project.ask('status', '--json')).stdout).plan
}

for (const database of DATABASES) {
  test(`status shows hosts, workers, runs, what waits and what is kept back (${database.name})`, async (t) => {
    const project = await handProject(t, database, {
      report: 'maxLoad: 0.000001,',
      does: 'while [ ! -e go ]; do sleep 0.02; done',
    })
    const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail', bucket: 1 })
    await project.ask()
    await project.ask('run', 'mail')
    const [pid] = await project.started(id).then(() => project.db.all<{ pid: number }>('SELECT pid FROM worker'))
    await project.ask('run', 'report', '--force', '--slot', '2026-11-20 02:30')
    await waitFor(() => project.ran().length === 1, { what: 'the run to begin' })
    await project.ask('pause', 'bill', '--reason', 'new prices')

    const text = await project.ask('status')
    const json = JSON.parse((await project.ask('status', '--json')).stdout)
    project.release('go')

    assert.deepEqual([text.code, text.stderr], [0, ''])
    assert.match(text.stdout, /^3 jobs, all is well\.\n\n/)
    const [host] = block(text.stdout, 'HOST')
    assert.match(host ?? '', new RegExp(`^${HOST}\\t${AGO}\\t[0-9a-f]{8}\\tticks$`))
    const workers = block(text.stdout, 'WORKERS OF')
    assert.match(
      workers[0] ?? '',
      new RegExp(
        `^mail\\tmail\\t1/2\\t${pid?.pid}\\t${HOST}\\t${AGO}\\t(1m|\\d+s)\\trunning 1\\t1 wait-for \\(\\d+s\\)$`,
      ),
    )
    assert.match(workers[1] ?? '', /^report\texec:report\t0\/1\t/)
    assert.match(block(text.stdout, 'UNDER WAY')[0] ?? '', /^report\t2026-11-20 02:30\trunning\t.*\t2$/)
    assert.match(text.stdout, /\nJob bill is paused on all hosts since .* \(new prices\)\.\n$/)
    assert.deepEqual(json.troubles, [])
    assert.deepEqual([json.hosts[0].host, json.hosts[0].isSilent], [HOST, false])
    assert.deepEqual(
      [json.workers[0].job, json.workers[0].shards, json.workers[0].pid],
      ['mail', [1], Number(pid?.pid)],
    )
    const [run] = json.underWay
    assert.deepEqual(
      [run.job, run.slot, run.state, run.attempt, run.task],
      ['report', '2026-11-20T02:30:00Z', 'running', 1, 2],
    )
    assert.deepEqual([json.stopped[0].kind, json.stopped[0].reason], ['pause', 'new prices'])
  })

  test(`a slot that waits is shown with what it waits for (${database.name})`, async (t) => {
    const project = await handProject(t, database, { reportWhen: "every('1m')", report: 'maxLoad: 0.000001,' })
    await project.ask()

    const { code, stdout } = await project.ask('status')

    assert.equal(code, 0)
    assert.match(
      block(stdout, 'WAITING')[0] ?? '',
      /^report\t\d{4}-\d\d-\d\d \d\d:\d\d\tload\tthe load is .* a core, and maxLoad is /,
    )
  })

  test(`silence, another schedule and a failed job are trouble (${database.name})`, async (t) => {
    const project = await handProject(t, database, { does: 'exit 3' })
    const plan = await planOf(project)
    await tickOf(project, 'web-1', 20, plan)
    await tickOf(project, 'web-2', 30, 'of last week')
    await tickOf(project, 'web-3', 3_600, plan)
    await tickOf(project, 'web-4', 3 * 86_400, plan)
    await project.ask('run', 'report', '--slot', '2026-11-20 02:30', '--wait')
    await project.ask('--at', timeText(minuteAgo(2)))

    const { code, stdout } = await project.ask('status')

    assert.equal(code, 1)
    const troubles = stdout.slice(0, stdout.indexOf('\n\n')).split('\n')
    assert.deepEqual(troubles, [
      'The last tick on web-3 was 1h ago: is the crontab line there?',
      `The schedule of ${HOST} is another than that of web-2. Deploy the same one everywhere.`,
      'Job report failed for 2026-11-20 02:30 with exit code 3: "queuectl why 1" tells more.',
    ])
    const silent = block(stdout, 'HOST')
      .map((line) => line.split('\t'))
      .map(([host, , , isSilent]) => `${host} ${isSilent}`)
    assert.deepEqual(silent, [`${HOST} ticks`, 'web-1 ticks', 'web-2 ticks', 'web-3 silent', 'web-4 silent'])
  })
}

test('where no host ticks any more, the last one is named', async (t) => {
  const project = await handProject(t, sqlite)
  await tickOf(project, 'web-1', 200_000, 'plan')
  await tickOf(project, 'web-2', 100_000, 'plan')

  const { code, stdout } = await project.ask('status')

  assert.equal(code, 1)
  assert.match(stdout, /^The last tick on web-2 was 1d3h46m ago: is the crontab line there\?\n\n/)
})

test('status makes no database, and says that no tick was seen', async (t) => {
  const project = await queueProject(t, sqlite, {
    schedule: `import { defineSchedule, every } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: { mail: { when: every('1m'), queue: 'mail' } } })
`,
    env: { QUEUE_URL: 'sqlite:none.db' },
  })

  const { code, stdout, stderr } = await project.run('cron-mission', ['status'])

  assert.deepEqual([code, stderr], [1, ''])
  assert.match(stdout, /^No tick has been seen yet: there is no database\./)
  assert.equal(existsSync(project.path('none.db')), false)
})

test('a schedule that cannot be read is trouble', async (t) => {
  const project = await handProject(t, sqlite, { report: "timeout: 'long'," })
  await project.ask()

  const { code, stdout } = await project.ask('status')

  assert.equal(code, 1)
  assert.match(stdout, /^Job "report": timeout is "long"/)
})
