/**
 * Situations that lead to a sentence: each is staged, and gives what the command said. Where a command would wait for a minute,
 * or two would have to come in the same millisecond, its clock is changed by what Node is told to load first.
 */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { handProject } from '../../bin/hand-project.ts'
import { queueProject } from '../../bin/queue-project.ts'
import { afterwards } from '../../helpers/cleanup.ts'
import { DATABASES, type Database } from '../../helpers/databases.ts'
import { makeProject, runBin, runProgram, startBin, waitFor } from '../../helpers/processes.ts'
import { crontabOf, onTerminal, preload, ROOT, type Situation, shell, withoutRights } from './stage.ts'

const [sqlite] = DATABASES as readonly [Database]

const SCHEDULE = `import { daily, defineSchedule, every } from 'cron-mission'
export default defineSchedule({
  timezone: 'UTC',
  jobs: {
    bill: { when: daily('02:30'), enqueue: () => [{ task: 'tally' }] },
    mail: { when: every('1m'), queue: 'mail' },
    report: { when: daily('02:30'), exec: ['true'] },
  },
})
`

const ALWAYS = `import { always, defineSchedule } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: { mail: { when: always(), queue: 'mail' } } })
`

export const SITUATIONS: readonly Situation[] = [
  {
    command: 'queuectl',
    exit: 64,
    says: 'The current directory was removed.',
    stage: async (t) => {
      const project = makeProject(t)
      mkdirSync(project.path('gone'))
      return shell(t, project.path('gone'), 'rmdir ../gone', 'queuectl', 'show', '1')
    },
  },
  {
    command: 'do-queue',
    exit: 75,
    says: 'The output cannot be written',
    stage: (t) => shell(t, makeProject(t).directory, 'exec >/dev/full', 'do-queue', '--dry-run'),
  },
  {
    command: 'add-task',
    exit: 64,
    says: 'Name a task, or give lines of JSON',
    stage: (t) => onTerminal(t, makeProject(t), 'add-task'),
  },
  {
    command: 'cron-mission',
    exit: 64,
    prints: true,
    says: 'There is no terminal to ask at, so nothing',
    stage: async (t) => {
      const project = makeProject(t, { schedule: SCHEDULE })
      return runBin('cron-mission', ['install'], { cwd: project.directory, env: crontabOf(project), t })
    },
  },
  {
    command: 'cron-mission',
    exit: 78,
    says: '… holds a backslash or a control character',
    stage: async (t) => {
      const project = makeProject(t)
      mkdirSync(project.path('back\\slash'))
      writeFileSync(project.path('back\\slash/schedule.ts'), 'export default {}')
      return runBin('cron-mission', ['install', '--print'], { cwd: project.path('back\\slash'), t })
    },
  },
  {
    command: 'cron-mission',
    exit: 0,
    prints: true,
    says: '… is in a cache that npm may empty.',
    stage: async (t) => {
      const project = makeProject(t)
      writeFileSync(project.path('schedule.ts'), 'export default {}')
      mkdirSync(project.path('_npx/1'), { recursive: true })
      symlinkSync(ROOT, project.path('_npx/1/cron-mission'))
      const command = project.path('_npx/1/cron-mission/dist/bin/cron-mission.js')
      return runProgram(process.execPath, [command, 'install', '--yes'], {
        cwd: project.directory,
        env: crontabOf(project),
        t,
      })
    },
  },
  {
    command: 'cron-mission',
    exit: 65,
    says: 'Task … was deleted while it was waited for.',
    stage: async (t) => {
      const project = await handProject(t, sqlite, { does: 'while [ ! -e go ]; do sleep 0.05; done' })
      const asking = project.start('cron-mission', ['run', 'report', '--wait', '--json'])
      await waitFor(() => project.ran().length > 0, { what: 'the command to begin' })
      await project.db.run('DELETE FROM queue')
      const ended = await asking.exited
      writeFileSync(project.path('go'), '')
      await project.nothingIsLeft()
      return ended
    },
  },
  {
    command: 'cron-mission',
    exit: 75,
    says: 'Somebody else started the job "…"',
    stage: async (t) => {
      const project = makeProject(t, { schedule: SCHEDULE })
      const at = Date.now()
      const options = { cwd: project.directory, env: preload(`Date.now = () => ${at}`), t }
      await runBin('cron-mission', ['run', 'bill'], options)
      return runBin('cron-mission', ['run', 'bill'], options)
    },
  },
  {
    command: 'cron-mission',
    exit: 70,
    says: 'The workers of job "…" leave with an error',
    stage: async (t) => {
      const project = makeProject(t, { schedule: SCHEDULE })
      writeFileSync(project.path('.queue'), '')
      const args = ['backfill', 'report', '--from', '2d', '--yes', '--json']
      return runBin('cron-mission', args, { cwd: project.directory, t })
    },
  },
  {
    command: 'cron-mission',
    exit: 70,
    says: 'The tick was not done after … s and gives up.',
    stage: async (t) => {
      const project = makeProject(t, { schedule: SCHEDULE })
      await runBin('queuectl', ['migrate'], { cwd: project.directory, t })
      const holder = new DatabaseSync(project.path('queue.db'))
      afterwards(t, () => holder.close())
      holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
      const faster =
        'const set = setTimeout; globalThis.setTimeout = (f, ms, ...a) => set(f, ms === 50_000 ? 300 : ms, ...a)'
      return runBin('cron-mission', ['--wait'], { cwd: project.directory, env: preload(faster), t })
    },
  },
  {
    command: 'add-task',
    exit: 69,
    says: 'The SQLite file … cannot be written.',
    stage: async (t) => {
      const project = makeProject(t, { env: { QUEUE_URL: 'sqlite:data/queue.db' } })
      await runBin('queuectl', ['migrate'], { cwd: project.directory, t })
      chmodSync(project.path('data/queue.db'), 0o444)
      chmodSync(project.path('data'), 0o555)
      afterwards(t, async () => chmodSync(project.path('data'), 0o755))
      return withoutRights(t, project, 'add-task', 'a')
    },
  },
  {
    command: 'cron-mission',
    exit: 75,
    says: 'After … not all workers had left: …',
    stage: async (t) => {
      const project = await queueProject(t, sqlite, { schedule: ALWAYS })
      const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
      const daemon = project.start('cron-mission', ['daemon', '--timeout', '300ms'])
      await project.started(id)
      daemon.kill('SIGTERM')
      const ended = await daemon.exited
      project.release('go')
      await project.nothingIsLeft()
      return ended
    },
  },
  {
    command: 'cron-mission',
    exit: 0,
    prints: true,
    says: 'A tick could not be started: ….',
    stage: async (t) => {
      const project = makeProject(t, { schedule: SCHEDULE })
      const env = preload(`process.execPath = '/nowhere/node'`)
      const daemon = startBin('cron-mission', ['daemon'], { cwd: project.directory, env, t })
      await waitFor(() => daemon.stderr !== '', { what: 'the daemon to say so' })
      daemon.kill()
      return daemon.exited
    },
  },
]
