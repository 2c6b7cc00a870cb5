/**
 * Another host on the same database: processes with another host name and a disk of their own, in a project of their own.
 *
 * One process holds the host's namespaces open, the others enter them. What lies in the state directory there is in the
 * memory of that host alone: nobody here can read it, as it is between two machines.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import type { QueueProject } from '../bin/queue-project.ts'
import { isAlive, killMarked, markedProcesses } from '../helpers/marked.ts'
import { makeProject, type Running, startProgram, waitFor } from '../helpers/processes.ts'
import { isRoot } from '../helpers/server-program.ts'

export interface OtherHost {
  /** Starts `do-queue` there. */
  start(args?: readonly string[]): Running
  /** The pids that a fixture program wrote when it had started there. */
  started(id: number | undefined): Promise<number[]>
  /** Makes the file that a program there waits for. */
  release(file: string): void
  /** The event lines of that host's logs with this name. */
  events(name: string): string[]
  /** Ends everything that runs there, all at once. */
  powerCut(worker: Running): Promise<void>
  /** The directories of workers there. */
  workerDirectories(): string[]
  /** Neither process nor directory of a worker. */
  nothingIsLeft(): Promise<void>
}

const WORK_MARK = 'CRON_MISSION_TEST_HOST'
const ROOT = resolve(import.meta.dirname, '../..')
const BOOT = 'hostname "$0" && mount -t tmpfs tmpfs .queue && echo up && exec sleep 600'

/** Undefined when there can be another host here; else why not. */
export function whyNoOtherHost(): string | undefined {
  if (!isRoot()) return 'another host takes root'
  const tried = spawnSync('unshare', [
    '--uts',
    '--mount',
    '/bin/sh',
    '-c',
    'hostname web-2 && mount -t tmpfs tmpfs /mnt',
  ])
  return tried.status === 0 ? undefined : 'another host takes unshare(1), and mounts that are allowed'
}

export async function otherHost(t: TestContext, { url, path: own }: QueueProject, name: string): Promise<OtherHost> {
  const tasks = Object.fromEntries(
    readdirSync(own('tasks')).map((file) => [file, readFileSync(own('tasks', file), 'utf8')]),
  )
  const { directory, path, lines } = makeProject(t, { tasks, env: { QUEUE_URL: url } })
  mkdirSync(path('.queue'))
  const machine = startProgram('unshare', ['--uts', '--mount', '/bin/sh', '-c', BOOT, name], { cwd: directory, t })
  await waitFor(() => machine.stdout === 'up\n', { what: `${name} to come up` })

  const mark = randomBytes(8).toString('hex')
  const processes = () => markedProcesses(WORK_MARK, mark)
  const disk = join('/proc', String(machine.pid), 'root', path('.queue'))
  const workerDirectories = () => readdirSync(disk)
  const enter = ['-t', String(machine.pid), '--uts', '--mount', `--wd=${directory}`]

  return {
    start: (args = []) =>
      startProgram('nsenter', [...enter, process.execPath, join(ROOT, 'dist/bin/do-queue.js'), ...args], {
        cwd: directory,
        env: { [WORK_MARK]: mark },
        t,
      }),
    started: (id) =>
      waitFor(() => lines(`started.${id}`)[0]?.split(' ').map(Number), { what: `program ${id} to start on ${name}` }),
    release: (file) => writeFileSync(path(file), ''),
    events: (event) =>
      (existsSync(path('logs')) ? readdirSync(path('logs')) : [])
        .filter((file) => file.endsWith('.log'))
        .flatMap((file) => lines(join('logs', file)))
        .filter((line) => line.split(' ')[4] === event),
    workerDirectories,
    async powerCut(worker) {
      worker.kill('SIGKILL')
      await killMarked(WORK_MARK, mark)
      await waitFor(() => !isAlive(worker.pid), { what: 'the end of the worker' })
    },
    async nothingIsLeft() {
      await waitFor(() => processes().length === 0, { what: `the end of what runs on ${name}`, timeoutMs: 3_000 })
      await waitFor(() => workerDirectories().length === 0, { what: 'its directories to go', timeoutMs: 3_000 }).catch(
        () => assert.deepEqual(workerDirectories(), []),
      )
    },
  }
}
