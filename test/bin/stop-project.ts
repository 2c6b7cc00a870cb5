/**
 * What the tests of `stop` and `resume` share: a schedule of two jobs, ticks, and commands on "another host".
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import type { Database } from '../helpers/databases.ts'
import { type BinName, type Ended, type Running, startProgram } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

export const SCHEDULE = `import { defineSchedule, every } from 'cron-mission'
export default defineSchedule({
  timezone: 'system',
  jobs: {
    mail: { when: every('1m'), queue: 'mail', grace: '1m' },
    report: { when: every('1m'), queue: 'report', grace: '1m' },
  },
})
`
const COMMANDS = resolve(import.meta.dirname, '../../dist/bin')

let minutes = 0

export interface StopProject extends QueueProject {
  /** Runs the tick of a minute that none was run for. */
  tick(args?: readonly string[]): Promise<Ended>
  /** Runs a command to its end while workers go on. */
  ask(name: BinName, ...args: readonly string[]): Promise<Ended>
  /** Starts a command in a system that bears another name. */
  startOn(host: string, name: BinName, args: readonly string[]): Running
  /** Verdict and reason of the last slot of a job. */
  lastVerdict(job: string): Promise<string[]>
}

export async function stopProject(t: TestContext, database: Database): Promise<StopProject> {
  const project = await queueProject(t, database, { schedule: SCHEDULE })
  const ask = async (name: BinName, ...args: readonly string[]) => project.start(name, args).exited
  return {
    ...project,
    ask,
    async tick(args = []) {
      const ended = await ask('cron-mission', '--at', nextMinute(), ...args)
      assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, '', ''])
      return ended
    },
    startOn: (host, name, args) =>
      startProgram(
        'unshare',
        [
          ...['--uts', 'sh', '-c', `hostname ${host} && exec "$@"`, 'sh'],
          ...[process.execPath, join(COMMANDS, `${name}.js`), ...args],
        ],
        { cwd: project.directory, t },
      ),
    async lastVerdict(job) {
      const [row] = await project.db.all<{ verdict: string; reason: string }>(
        'SELECT verdict, reason FROM slot WHERE job = ? ORDER BY slot_at DESC LIMIT 1',
        [job],
      )
      return [String(row?.verdict), String(row?.reason)]
    },
  }
}

/** Why a test cannot give a process another host name here; false when it can. */
export function noOtherHost(): string | false {
  const { status } = spawnSync('unshare', ['--uts', 'true'])
  return status === 0 ? false : 'another host name for a process needs root and unshare(1)'
}

export function nextMinute(): string {
  minutes++
  return new Date(Date.UTC(2026, 10, 20, 12, minutes)).toISOString()
}
