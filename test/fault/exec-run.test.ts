/**
 * The worker of a job's command is killed while the command runs: the command goes on, and its end is booked once.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { insertRun } from '../../src/queue/store/exec-run.ts'
import { runRow } from '../../src/schedule/tick/exec-run.ts'
import { DATABASES } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { waitFor } from '../helpers/processes.ts'
import { type FaultProject, faultProject, killed } from './fault-project.ts'

const AT = Date.UTC(2026, 10, 20, 2, 30)

/** Who comes next, while the command still runs, or when it has ended. */
const NEXT = {
  'the next worker of the job': (command: readonly string[]) => flags(command),
  'a worker of another queue': () => ['--queue', 'other', '--quiet'],
}

for (const database of DATABASES) {
  for (const [who, comes] of Object.entries(NEXT)) {
    test(`a command outlives its worker and is booked once by ${who} (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const command = ['tasks/finish-when', 'go 1000 3']
      const [first, second] = [await addRun(project), await addRun(project)]
      const worker = project.start('do-queue', flags(command))
      const pids = await project.started(first)

      await killed(worker)
      assert.ok(pids.every(isAlive))
      project.release('go')
      await waitFor(() => project.runners().length === 0, { what: 'the runner to leave' })
      await project.once('do-queue', comes(command))

      await waitFor(async () => (await project.states())[0] === 'failed', { what: 'the run to be booked' })
      const { attempts, exitCode } = await project.row(first)
      assert.deepEqual([attempts, exitCode, project.events('task-failed').length >= 1], [1, 3, true])
      assert.equal(project.events('task-failed').filter((line) => line.includes(` id=${first} `)).length, 1)
      assert.equal(project.lines(`started.${first}`).length, 1)
      if (who === 'a worker of another queue') {
        assert.deepEqual(project.lines(`started.${second}`), [])
        await project.once('do-queue', flags(command))
      }
      assert.equal((await project.row(second)).status, 'failed')
      await project.adopted()
    })
  }

  test(`the next run waits for a command whose worker was killed (${database.name})`, async (t) => {
    const project = await faultProject(t, database)
    const [first, second] = [await addRun(project), await addRun(project)]
    const worker = project.start('do-queue', flags(['tasks/wait-for', 'go']))
    await project.started(first)
    await killed(worker)

    const next = project.start('do-queue', flags(['tasks/wait-for', 'go'], '--watch'))
    await waitFor(() => project.events('worker-adopted').length === 1, { what: 'the dead worker to be found' })
    const before = project.lines(`started.${second}`)
    project.release('go')
    await project.started(second)
    await waitFor(async () => (await project.states()).every((state) => state === 'done'), { what: 'both runs' })
    next.kill('SIGTERM')
    await next.exited

    assert.deepEqual(before, [])
    await project.adopted()
  })
}

function addRun({ db }: FaultProject): Promise<number> {
  const job = { id: 'backup', overlap: 'skip', retry: 'none' } as const
  return insertRun(db, db.dialect, runRow(job, AT))
}

function flags(command: readonly string[], ...more: readonly string[]): string[] {
  return ['--job', 'backup', '--exec', JSON.stringify(command), ...more, '--quiet']
}
