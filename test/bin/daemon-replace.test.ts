/**
 * One daemon takes the place of another, and the workers stay.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { replaceOthers } from '../../src/bin/command/cron-mission/daemon-replace.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { type Running, waitFor } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const SCHEDULE = `import { always, defineSchedule } from 'cron-mission'
export default defineSchedule({
  timezone: 'UTC',
  jobs: { mail: { when: always(), queue: 'mail', shards: 2 } },
})
`

test('a new daemon leaves the workers of the old one at work, puts them back, and drains them at its end', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE })
  const old = project.start('cron-mission', ['daemon', '--json'])
  const before = await hasWorkers(project, 2)

  const fresh = project.start('cron-mission', ['daemon', '--replace', '--json'])
  const { code, stdout, stderr } = await old.exited
  await said(fresh)
  const after = await hasWorkers(project, 2)
  const [victim = 0, other = 0] = after
  process.kill(victim, 'SIGKILL')
  const put = await waitFor(async () => (await workers(project)).find((pid) => !before.includes(pid)), {
    what: 'another worker in the place of the one that was killed',
    timeoutMs: 20_000,
  })
  const marks = readdirSync(project.path('.queue')).filter((name) => name.startsWith('daemon.'))
  fresh.kill('SIGTERM')
  const end = await fresh.exited

  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(last(stdout), { event: 'daemon-end', reason: 'handed over', asked: 0, remaining: 2 })
  assert.deepEqual(JSON.parse(fresh.stdout.split('\n')[0] ?? '').replaced, [old.pid])
  assert.deepEqual(after, before)
  assert.equal(marks.length, 1)
  assert.deepEqual([end.code, end.stderr], [0, ''])
  assert.equal(last(end.stdout).remaining, 0)
  for (const pid of [other, put]) assert.equal(isAlive(pid), false)
  const minutes = project.events('tick').map((line) => / slot=(\S+)/.exec(line)?.[1])
  assert.equal(new Set(minutes).size, minutes.length)
  await project.nothingIsLeft()
})

test('a daemon that does not answer is named, and hands over when it does', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE })
  const old = project.start('cron-mission', ['daemon'])
  await hasWorkers(project, 2)
  old.kill('SIGSTOP')

  const settings = { directory: project.directory, stateDirectory: project.path('.queue') }
  await assert.rejects(replaceOthers(settings, 100), {
    message: `After 100ms, the daemon for ${project.directory} (pid ${old.pid}) had not handed over. See what that process does, or end it, and give this command again.`,
  })
  old.kill('SIGCONT')
  const { code } = await old.exited
  const [pid = 0] = await hasWorkers(project, 2)

  assert.deepEqual([code, isAlive(pid)], [0, true])
})

function said(daemon: Running): Promise<boolean> {
  return waitFor(() => daemon.stdout !== '', { what: 'the new daemon to begin' })
}

function last(stdout: string) {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}

async function workers({ db }: QueueProject): Promise<number[]> {
  const rows = await db.all<{ pid: number }>('SELECT pid FROM worker WHERE seat IS NOT NULL ORDER BY shard')
  return rows.map(({ pid }) => Number(pid)).filter(isAlive)
}

function hasWorkers(project: QueueProject, count: number): Promise<number[]> {
  const found = async () => {
    const pids = await workers(project)
    return pids.length === count ? pids : undefined
  }
  return waitFor(found, { what: `${count} workers` })
}
