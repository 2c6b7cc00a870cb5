/**
 * A project with the job `backup`, whose command is to be run, and what a tick gives its worker.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { insertRun } from '../../src/queue/store/exec-run.ts'
import { runRow } from '../../src/schedule/tick/exec-run.ts'
import type { Database } from '../helpers/databases.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

type RunOptions = Partial<Parameters<typeof runRow>[0]>

export interface ExecProject extends QueueProject {
  /** @returns the ids of runs of the job `backup` */
  due(...runs: readonly RunOptions[]): Promise<number[]>
}

export const AT = Date.UTC(2026, 10, 20, 2, 30)

/** Tells all that it was given, and ends with the code that is its last argument. */
const TELL = `#!/usr/bin/env node
const fs = require('node:fs')
const { JOB_ID, JOB_SLOT, TASK_ID, TASK_NAME, TASK_QUEUE, TASK_ATTEMPT, TASK_MAX_ATTEMPTS, QUEUE_URL } = process.env
const env = { JOB_ID, JOB_SLOT, TASK_ID, TASK_NAME, TASK_QUEUE, TASK_ATTEMPT, TASK_MAX_ATTEMPTS, QUEUE_URL }
const args = process.argv.slice(2)
fs.appendFileSync('told', JSON.stringify({ args, env, cwd: process.cwd(), input: fs.readFileSync(0, 'latin1') }) + '\\n')
console.log('printed')
process.exitCode = Number(args.at(-1)) || 0
`

/** What a tick gives the worker of the job `backup`. */
export function flags(command: readonly string[], ...more: readonly string[]): string[] {
  return ['--job', 'backup', '--queue', 'exec:backup', '--exec', JSON.stringify(command), ...more, '--quiet']
}

export async function execProject(
  t: TestContext,
  database: Database,
  tasks: Readonly<Record<string, string>> = {},
): Promise<ExecProject> {
  const project = await queueProject(t, database, { tasks })
  mkdirSync(project.path('bin'))
  writeFileSync(project.path('bin', 'tell'), TELL)
  chmodSync(project.path('bin', 'tell'), 0o755)
  return {
    ...project,
    async due(...runs) {
      const ids: number[] = []
      for (const run of runs) {
        const row = runRow({ id: 'backup', overlap: 'skip', ...run } as Parameters<typeof runRow>[0], AT)
        ids.push(await insertRun(project.db, project.db.dialect, row))
      }
      return ids
    },
  }
}
