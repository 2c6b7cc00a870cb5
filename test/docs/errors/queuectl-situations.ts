/** Situations of `queuectl`. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { queueProject } from '../../bin/queue-project.ts'
import { afterwards } from '../../helpers/cleanup.ts'
import { DATABASES, type Database } from '../../helpers/databases.ts'
import { makeProject, type Project, runBin, startBin, waitFor } from '../../helpers/processes.ts'
import { onTerminal, type Situation, shell, withoutRights } from './stage.ts'

const [sqlite] = DATABASES as readonly [Database]
/** Reading them takes longer than it takes to see that they are read. */
const MANY = 200_000

export const QUEUECTL_SITUATIONS: readonly Situation[] = [
  {
    command: 'queuectl',
    exit: 64,
    says: 'Name a file, or give lines of JSON',
    stage: (t) => onTerminal(t, makeProject(t), 'queuectl', 'import'),
  },
  {
    command: 'queuectl',
    exit: 75,
    says: 'The output cannot be written',
    stage: async (t) => {
      const project = await migrated(t, `INSERT INTO queue (task) VALUES ('a')`)
      return shell(t, project.directory, 'exec >/dev/full', 'queuectl', 'export')
    },
  },
  {
    command: 'queuectl',
    exit: 75,
    says: 'Stopped while the lines were read.',
    stage: async (t) => {
      const project = makeProject(t)
      writeFileSync(project.path('tasks.ndjson'), '{"task":"a"}\n'.repeat(MANY))
      const importing = startBin('queuectl', ['import', 'tasks.ndjson'], { cwd: project.directory, t })
      await waitFor(() => hears(importing.pid, 'SIGHUP'), { what: 'the command to listen' })
      importing.kill('SIGHUP')
      return importing.exited
    },
  },
  {
    command: 'queuectl',
    exit: 65,
    says: 'Line …: The database refuses it',
    stage: async (t) => {
      const project = await migrated(t, `CREATE TRIGGER no BEFORE INSERT ON queue BEGIN SELECT RAISE(ABORT, 'no'); END`)
      return runBin('queuectl', ['import'], { cwd: project.directory, stdin: '{"task":"a"}', t })
    },
  },
  {
    command: 'queuectl',
    exit: 65,
    prints: true,
    says: 'The param of … of these tasks is no text',
    stage: async (t) => {
      const project = await migrated(t, `INSERT INTO queue (task, param) VALUES ('a', CAST(x'ff' AS TEXT))`)
      return runBin('queuectl', ['export'], { cwd: project.directory, t })
    },
  },
  {
    command: 'do-queue',
    exit: 75,
    says: 'Nothing is started: … is paused',
    stage: async (t) => {
      const project = makeProject(t)
      await runBin('queuectl', ['pause', 'default'], { cwd: project.directory, t })
      return runBin('do-queue', [], { cwd: project.directory, t })
    },
  },
  {
    command: 'queuectl',
    exit: 69,
    says: 'Task … counts as running, and … left no files.',
    stage: async (t) => {
      const project = await migrated(t, `INSERT INTO queue (task, status, claim_token, attempts) VALUES ('a', 2, 7, 1)`)
      return runBin('queuectl', ['logs', '1'], { cwd: project.directory, t })
    },
  },
  {
    command: 'queuectl',
    exit: 69,
    says: 'The file … cannot be read (…). Ask as',
    stage: async (t) => {
      const project = await migrated(
        t,
        `INSERT INTO queue (task, status, attempts, log_file, log_offset, log_bytes) VALUES ('a', 1, 1, 'day.log', 0, 5)`,
      )
      mkdirSync(project.path('logs'))
      writeFileSync(project.path('logs/day.log'), 'hello', { mode: 0 })
      return withoutRights(t, project, 'queuectl', 'logs', '1')
    },
  },
  {
    command: 'queuectl',
    exit: 69,
    says: 'Task … runs, and what it prints is in …',
    stage: async (t) => {
      const project = await queueProject(t, sqlite)
      const [id] = await project.insert({ task: 'wait-for', param: 'go' })
      const worker = project.start('do-queue')
      await project.started(id)
      const directory = await project.workerDirectory(1)
      chmodSync(directory, 0)
      const ended = await withoutRights(t, project, 'queuectl', 'logs', '1')
      chmodSync(directory, 0o700)
      project.release('go')
      await worker.exited
      await project.nothingIsLeft()
      return ended
    },
  },
  {
    command: 'queuectl',
    exit: 78,
    prints: true,
    says: 'The log file … cannot be deleted',
    stage: async (t) => {
      const project = await migrated(t, 'SELECT 1')
      mkdirSync(project.path('logs'))
      writeFileSync(project.path('logs/do-queue-2020-01-01.log'), '')
      chmodSync(project.path('logs'), 0o555)
      afterwards(t, async () => chmodSync(project.path('logs'), 0o755))
      return withoutRights(t, project, 'queuectl', 'purge', '--older-than', '30d', '--logs', '--yes')
    },
  },
]

async function migrated(t: TestContext, sql: string): Promise<Project> {
  const project = makeProject(t)
  await runBin('queuectl', ['migrate'], { cwd: project.directory, t })
  const db = new DatabaseSync(project.path('queue.db'))
  db.exec(sql)
  db.close()
  return project
}

/** Whether the process has a handler for the signal. */
function hears(pid: number, signal: 'SIGHUP'): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return ((BigInt(`0x${caught}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n
}
