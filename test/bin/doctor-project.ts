/**
 * What the tests of the doctor share: a project whose ticks run as they should.
 */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import type { Finding } from '../../src/doctor/finding.ts'
import { ownIdentity } from '../../src/host/identity.ts'
import { writeTick } from '../../src/queue/store/tick-row.ts'
import { tickLineText } from '../../src/schedule/crontab/tick-line.ts'
import { DATABASES } from '../helpers/databases.ts'
import { type Ended, startProgram, waitFor } from '../helpers/processes.ts'
import { findProgram } from '../helpers/server-program.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const CRONTAB = resolve(import.meta.dirname, '../fixtures/crontab')
const SCHEDULE = `import { defineSchedule, every } from 'cron-mission'
export default defineSchedule({
  timezone: 'Europe/Berlin',
  jobs: {
    mail: { when: every('1m'), queue: 'mail' },
    backup: { when: every('1m'), exec: ['bin/backup'] },
  },
})
`
const MINUTE_MS = 60_000

export interface DoctorProject extends QueueProject {
  /** The file that the crontab is kept in. */
  readonly crontab: string
  ask(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>
  doctor(env?: Readonly<Record<string, string>>): Promise<Diagnosis>
  /** Changes a file of the project, or the crontab. */
  edit(file: string, change: (text: string) => string): void
}

export interface Diagnosis {
  readonly code: number | null
  readonly problems: string[]
  readonly notes: string[]
}

/** A healthy system: a line, a cron daemon, a tick that has just run. */
export async function doctorProject(t: TestContext, database = DATABASES[0]): Promise<DoctorProject> {
  assert.ok(database)
  const project = await queueProject(t, database, { schedule: SCHEDULE })
  mkdirSync(project.path('bin'))
  writeFileSync(project.path('bin/backup'), '#!/bin/sh\n', { mode: 0o755 })
  await startCronDaemon(t, project)
  const path = [CRONTAB, dirname(process.execPath), process.env.PATH].join(delimiter)
  const environment = { HOME: project.directory, PATH: path }
  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    project.start('cron-mission', args, { env: { ...environment, ...env } }).exited
  const { directory } = project
  const command = project.path('node_modules/cron-mission/dist/bin/cron-mission.js')
  writeFileSync(
    project.path('spool'),
    `${tickLineText({ directory, nodeDirectory: dirname(process.execPath), command })}\n`,
  )
  await tickedOn(project, ownIdentity().host, 0)
  return {
    ...project,
    crontab: project.path('spool'),
    ask: run,
    async doctor(env) {
      const { code, stdout, stderr } = await run(['doctor', '--json'], env)
      assert.equal(stderr, '')
      const { findings } = JSON.parse(stdout) as { findings: Finding[] }
      const told = (level: string) =>
        findings.filter((one) => one.level === level).map(({ check, sentence }) => `${check}: ${sentence}`)
      return { code, problems: told('problem'), notes: told('note') }
    },
    edit: (file, change) => writeFileSync(file, change(readFileSync(file, 'utf8'))),
  }
}

/** A process of that name is all that can be seen of one. */
async function startCronDaemon(t: TestContext, project: QueueProject): Promise<void> {
  const program = project.path('cron')
  copyFileSync(findProgram('sleep') ?? '', program)
  chmodSync(program, 0o755)
  const { pid } = startProgram(program, ['1000'], { cwd: '/', t })
  await waitFor(() => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'cron\n', { what: 'the cron daemon' })
}

/** As if a tick had been there `agoMs` ago, by a clock that is `aheadMs` ahead. */
export async function tickedOn(
  { db }: QueueProject,
  host: string,
  agoMs: number,
  plan = 'p',
  aheadMs = 0,
): Promise<void> {
  const minute = Math.floor((Date.now() - agoMs + aheadMs) / MINUTE_MS) * MINUTE_MS
  await writeTick(db, { host, minute, plan })
  await db.run(`UPDATE setting SET mtime = ${db.dialect.fromMs('?')} WHERE name = ?`, [
    Date.now() - agoMs,
    `tick:${host}`,
  ])
}
