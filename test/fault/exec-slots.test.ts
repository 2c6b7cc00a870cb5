/**
 * What happens to a run of a command while it is under way: replaced, killed with its worker, removed by hand, of a job that is
 * gone, or whose command is another one by now.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { slotsOf } from '../../src/queue/store/read-slot.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { type Ended, waitFor } from '../helpers/processes.ts'

/** Says that it began, waits for the file `go`, and says that it ended. */
const WAIT = 'echo "begin $JOB_SLOT $$" >> runs; while [ ! -e go ]; do sleep 0.05; done; echo "end $JOB_SLOT" >> runs'

for (const database of DATABASES) {
  test(`a run that is replaced is stopped, and the next one runs (${database.name})`, async (t) => {
    const project = await waiting(t, database, "overlap: 'replace'")
    await tick(project, 0)
    await begun(project, 1)

    await tick(project, 1)
    await begun(project, 2)
    project.release('go')
    await quiet(project)
    await tick(project, 2)
    await quiet(project)
    await tick(project, 3)

    assert.deepEqual(
      project.lines('runs').filter((line) => line.startsWith('end')),
      [1, 2].map((m) => `end ${time(m)}`),
    )
    assert.deepEqual((await outcomes(project)).slice(0, 3), ['started cancelled', 'started done', 'started done'])
  })

  test(`a run that is killed with its worker is run again for its slot (${database.name})`, async (t) => {
    const project = await waiting(t, database, "crash: 'retry', overlap: 'skip'")
    await tick(project, 0)
    const [pid] = await begun(project, 1)
    const workers = await project.db.all<{ pid: number }>('SELECT pid FROM worker')
    // The runner before its program: it would tell how that ended.
    const runners = project.runners().map((runner) => runner.pid)
    for (const one of [...workers.map((row) => Number(row.pid)), ...runners, Number(pid)]) process.kill(one, 'SIGKILL')
    project.release('go')

    await waitFor(
      async () => {
        await tick(project, 1)
        return (await outcomes(project))[0] === 'started done'
      },
      { what: 'the run to be done', timeoutMs: 20_000 },
    )

    const runs = project.lines('runs').filter((line) => line.includes(time(0)))
    assert.deepEqual(
      runs.map((line) => line.split(' ')[0]),
      ['begin', 'begin', 'end'],
    )
    await quiet(project)
  })

  test(`a run whose row was removed keeps neither its slot open nor the next one back (${database.name})`, async (t) => {
    const project = await waiting(t, database, "overlap: 'skip'")
    project.release('go')
    await tick(project, 0)
    await quiet(project)
    await project.db.run("UPDATE slot SET is_open = 1, outcome = NULL WHERE job = 'backup'")
    await project.db.run('DELETE FROM queue')

    await tick(project, 1)
    await quiet(project)
    await tick(project, 2)
    await quiet(project)

    assert.deepEqual((await outcomes(project)).slice(0, 2), ['started unknown', 'started done'])
  })

  test(`a run goes on when its job is gone, and its end is noted (${database.name})`, async (t) => {
    const project = await waiting(t, database, "overlap: 'skip'")
    await tick(project, 0)
    await begun(project, 1)
    writeFileSync(project.path('schedule.ts'), scheduleOf("renamed: { when: daily('04:00'), exec: ['true'] }"))
    await project.db.run(`UPDATE slot SET mtime = ${project.db.dialect.fromNow('?')}`, [-600_000])

    await tick(project, 1)
    project.release('go')
    await quiet(project)
    await tick(project, 2)

    assert.deepEqual(project.lines('runs').at(-1), `end ${time(0)}`)
    assert.deepEqual(await outcomes(project), ['started done'])
  })

  test(`a run that is tried again is tried with the command of then (${database.name})`, async (t) => {
    const job = (command: string) =>
      scheduleOf(`backup: { when: '30 18 * * *', retry: '10m', exec: ['sh', '-c', ${JSON.stringify(command)}] }`)
    const project = await queueProject(t, database, { schedule: job('echo old >> runs; exit 1') })
    await tick(project, 0)
    await quiet(project)
    assert.deepEqual(await project.states(), ['scheduled'])
    writeFileSync(project.path('schedule.ts'), job('echo new >> runs'))
    await project.db.run(`UPDATE queue SET run_at = ${project.db.dialect.fromNow('?')}`, [-1_000])

    await tick(project, 1)
    await quiet(project)
    await tick(project, 2)

    assert.deepEqual(project.lines('runs'), ['old', 'new'])
    assert.deepEqual(await outcomes(project), ['started done'])
  })
}

function waiting(t: TestContext, database: Database, options: string): Promise<QueueProject> {
  const schedule = scheduleOf(`backup: { when: '* * * * *', ${options}, exec: ['sh', '-c', ${JSON.stringify(WAIT)}] }`)
  return queueProject(t, database, { schedule })
}

function scheduleOf(jobs: string): string {
  return `import { cron, daily, defineSchedule } from 'cron-mission'
    export default defineSchedule({ timezone: 'UTC', jobs: { ${jobs.replace(/when: '([^']*)'/, "when: cron('$1')")} } })`
}

async function tick(project: QueueProject, minute: number): Promise<Ended> {
  const ended = await project.start('cron-mission', ['--at', time(minute)]).exited
  assert.deepEqual([ended.code, ended.stderr], [0, ''])
  return ended
}

/** @returns the pids of the commands that have begun */
async function begun(project: QueueProject, count: number): Promise<(string | undefined)[]> {
  const lines = () => project.lines('runs').filter((line) => line.startsWith('begin'))
  await waitFor(() => lines().length >= count, { what: `${count} commands to begin` })
  return lines().map((line) => line.split(' ')[2])
}

/** Waits until no run is under way. */
async function quiet({ db }: QueueProject): Promise<void> {
  const isQuiet = async () =>
    (await db.all('SELECT id FROM queue WHERE status IN (0, 2)')).length === 0 &&
    (await db.all('SELECT id FROM worker')).length === 0
  await waitFor(isQuiet, { what: 'the runs to end', timeoutMs: 20_000 })
}

/** The oldest slot first. */
async function outcomes({ db }: QueueProject): Promise<string[]> {
  const slots = await slotsOf(db, {}, 100)
  return slots.toReversed().map(({ verdict, outcome }) => `${verdict} ${outcome}`)
}

function time(minute: number): string {
  return `2026-11-20T18:${30 + minute}:00Z`
}
