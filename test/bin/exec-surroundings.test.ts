/**
 * `env` and `directory` of a job with a command: what it finds, and what nobody else sees of them.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync } from 'node:fs'
import test from 'node:test'
import { openSlots } from '../../src/queue/store/read-slot.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const PASSWORD = "se cret '$1\n"

function schedule(job: string): string {
  return `import { defineSchedule, cron } from 'cron-mission'
export default defineSchedule({
  timezone: 'UTC',
  defaults: { env: { FROM: 'defaults', PASSWORD: ${JSON.stringify(PASSWORD)} }, directory: 'data' },
  jobs: { report: { when: cron('30 18 * * *'), ${job} }, mail: { when: cron('0 0 1 1 *'), queue: 'mail' } },
})
`
}

test('a command finds its variables and begins in its directory, and the command line tells nothing of them', async (t) => {
  const command = `exec: ['sh', '-c', 'pwd; printf "%s|%s|%s" "$FROM" "$PASSWORD" "\${QUEUE_EXEC-none}"; tr "\\\\\\\\0" " " </proc/$(($(cut -d " " -f 4 /proc/$$/stat)))/cmdline']`
  const project = await queueProject(t, sqlite, { schedule: schedule(command) })
  mkdirSync(project.path('data'))

  const output = await run(project)

  const [directory, ...rest] = output.split('\n')
  assert.equal(directory, project.path('data'))
  assert.ok(rest.join('\n').startsWith(`defaults|${PASSWORD}|none`), output)
  assert.equal(output.split('se cret').length, 2)
})

test('what a job says itself goes instead of the defaults, and a bare name is found by its own PATH', async (t) => {
  const own = `exec: ['tell'], directory: '~/sub', env: { PATH: 'bin:/usr/bin:/bin', HOME: process.cwd() + '/home' }`
  const project = await queueProject(t, sqlite, {
    schedule: schedule(own),
    tasks: { tell: { text: '#!/bin/sh\necho "$PWD $FROM $HOME"\n', mode: 0o755 } },
  })
  mkdirSync(project.path('home/sub/bin'), { recursive: true })
  copyFileSync(project.path('tasks/tell'), project.path('home/sub/bin/tell'))

  assert.equal(await run(project), `${project.path('home/sub')}  ${project.path('home')}\n`)
})

test('a directory that is not there is told, and nothing is run elsewhere', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: schedule(`exec: ['touch', 'here']`) })

  await run(project)

  const [row] = await project.rows()
  assert.deepEqual([row?.status, project.lines('here')], ['failed', []])
  assert.match(row?.error ?? '', /there is no directory .*data, where the command is to run/)
})

test('what no tick has written is refused', async (t) => {
  const project = await queueProject(t, sqlite)
  const flags = ['--job', 'report', '--exec', '["true"]']

  for (const text of ['no JSON', 'null', '{"env":{"A":1}}', '{"directory":1}']) {
    const { code, stderr } = await project.run('do-queue', flags, { env: { QUEUE_EXEC: text } })
    const refused = [code, stderr.includes('QUEUE_EXEC is not what a tick gives the worker of a command. Unset it: ')]
    assert.deepEqual(refused, [78, true], text)
  }
})

/** @returns what the run of the job printed */
async function run(project: QueueProject): Promise<string> {
  const { code, stderr } = await project.start('cron-mission', ['--at', '2026-11-20T18:30:00Z']).exited
  assert.deepEqual([code, stderr], [0, ''])
  const isIdle = async () => {
    const [open] = (await openSlots(project.db)).filter(
      ({ task }) => task?.status === 'ready' || task?.status === 'running',
    )
    return open === undefined && (await project.db.all('SELECT id FROM worker')).length === 0
  }
  await waitFor(isIdle, { what: 'the run', timeoutMs: 30_000 })
  await project.nothingIsLeft()
  const [row] = await project.rows()
  assert.ok(row !== undefined)
  return row.logFile === null ? '' : project.output(row).toString()
}
