/** Runs a sample task program as a worker would: its parameter as first argument and on stdin, facts in TASK_…. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const TASKS = fileURLToPath(new URL('../../tasks/', import.meta.url))
const INTERPRETERS: Record<string, string> = { '.ts': process.execPath, '.php': 'php', '.sh': 'sh' }

export type TaskRun = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** @param env  added to what a worker gives, for instance another `TASK_KEY` */
export function runTask(file: string, param: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<TaskRun> {
  const interpreter = INTERPRETERS[extname(file)]
  const program = join(TASKS, file)
  const [command, ...args] = interpreter === undefined ? [program, param] : [interpreter, program, param]
  const child = spawn(command as string, args, {
    cwd,
    env: {
      PATH: process.env.PATH,
      TASK_ID: '17',
      TASK_NAME: file,
      TASK_QUEUE: 'default',
      TASK_ATTEMPT: '1',
      TASK_MAX_ATTEMPTS: '4',
      TASK_KEY: 'key-17',
      TASK_EXPIRES_AT: '',
      ...env,
    },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
  child.stdin.on('error', () => {}) // a program may leave without reading
  child.stdin.end(param)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** An empty directory that stands for a project, removed when the test ends. */
export function projectDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'cron-mission-task-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
