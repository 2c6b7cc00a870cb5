/**
 * Jobs of every kind, from the schedule file to what they did.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { openSlots, slotsOf } from '../../src/queue/store/read-slot.ts'
import { DAY_MS } from '../../src/time/units.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const WRITE = `['sh', '-c', 'echo "$JOB_ID $JOB_SLOT $TASK_ATTEMPT" >> runs']`
const [sqlite] = DATABASES as [(typeof DATABASES)[0]]

for (const database of DATABASES) {
  test(`a command is run for its slot, and its end stands in the ledger (${database.name})`, async (t) => {
    const project = await queueProject(t, database, {
      schedule: schedule(`report: { when: cron('30 18 * * *'), exec: ${WRITE} }`),
    })

    await tick(project, '18:30')
    await ended(project)
    await tick(project, '18:31')

    assert.deepEqual(project.lines('runs'), ['report 2026-11-20T18:30:00Z 1'])
    const [slot] = await slotsOf(project.db, {}, 5)
    assert.deepEqual([slot?.verdict, slot?.outcome, slot?.exitCode, slot?.isOpen], ['started', 'done', 0, false])
    await project.nothingIsLeft()
  })

  test(`a command that fails is tried again when its time has come (${database.name})`, async (t) => {
    const command = `['sh', '-c', 'echo "$JOB_SLOT $TASK_ATTEMPT" >> runs; test "$TASK_ATTEMPT" = 2']`
    const project = await queueProject(t, database, {
      schedule: schedule(`report: { when: cron('30 18 * * *'), retry: '1ms', exec: ${command} }`),
    })

    await tick(project, '18:30')
    await ended(project)
    await tick(project, '18:31')
    await ended(project)
    await tick(project, '18:32')

    assert.deepEqual(project.lines('runs'), ['2026-11-20T18:30:00Z 1', '2026-11-20T18:30:00Z 2'])
    const [slot] = await slotsOf(project.db, {}, 5)
    assert.deepEqual([slot?.outcome, slot?.isOpen], ['done', false])
  })

  test(`a failed run that a person retries is run again by the next tick (${database.name})`, async (t) => {
    const command = `['sh', '-c', 'echo "$JOB_SLOT" >> runs; test -e good']`
    const project = await queueProject(t, database, {
      schedule: schedule(`report: { when: cron('30 18 * * *'), exec: ${command} }`),
    })
    await tick(project, '18:30')
    await ended(project)
    await tick(project, '18:31')
    assert.equal((await slotsOf(project.db, {}, 5))[0]?.outcome, 'failed')
    project.release('good')

    await project.run('queuectl', ['retry', '1'])
    await tick(project, '18:32')
    await ended(project)
    await tick(project, '18:33')

    assert.deepEqual(project.lines('runs'), ['2026-11-20T18:30:00Z', '2026-11-20T18:30:00Z'])
    assert.equal((await slotsOf(project.db, {}, 5))[0]?.outcome, 'done')
  })

  test(`a job adds its tasks once, and what another schedules is worked (${database.name})`, async (t) => {
    const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10) // `within` ends by the clock
    const project = await queueProject(t, database, {
      schedule: schedule(`
        digest: { when: cron('30 18 * * *'), enqueue: ({ slot, local }) => ['a', 'b'].map((who) => ({ task: 'note', param: who + ' ' + local, queue: 'mail' })) },
        mail: { when: after('digest', { within: '3d' }), queue: 'mail' }`),
      tasks: { note: '#!/bin/sh\necho "$1" >> runs\n' },
    })

    for (const time of ['18:30', '18:30', '18:31']) await tick(project, time, yesterday)
    await waitFor(() => project.lines('runs').length === 2, { what: 'both tasks' })

    assert.deepEqual(project.lines('runs').toSorted(), [`a ${yesterday}T18:30`, `b ${yesterday}T18:30`])
    await ended(project)
  })
}

test('a function that never returns keeps no other job from being started', async (t) => {
  const project = await queueProject(t, sqlite, {
    schedule: schedule(`
      hangs: { when: every('1m'), onlyIf: () => { for (;;); }, exec: ${WRITE} },
      throws: { when: every('1m'), onlyIf: () => { throw new Error('no such table') }, exec: ${WRITE} },
      good: { when: every('1m'), onlyIf: ({ local }) => local === '2026-11-20T18:30' || 'not yet', exec: ${WRITE} }`),
  })

  const { code, stderr } = await project.start('cron-mission', ['--at', '2026-11-20T18:30:00Z']).exited
  await waitFor(() => project.lines('runs').length === 1, { what: 'the good one' })

  assert.equal(code, 1)
  assert.match(
    stderr,
    /The job "hangs" was not started: onlyIf .*5s?.*\n.*The job "throws" was not started: onlyIf .*no such table/,
  )
  assert.deepEqual(project.lines('runs'), ['good 2026-11-20T18:30:00Z 1'])
  const verdicts = (await slotsOf(project.db, {}, 5)).map(({ job, verdict }) => `${job} ${verdict}`)
  assert.deepEqual(verdicts.toSorted(), ['good started', 'hangs failed', 'throws failed'])
  await ended(project)
})

test('a command has until its stopAt, as its slot has it', async (t) => {
  const project = await queueProject(t, sqlite, {
    schedule: schedule(`long: { when: every('1m'), stopAt: '18:31', exec: ['sh', '-c', 'sleep 300'] }`),
  })

  await tick(project, '18:30')

  const [row] = await project.db.all<{ timeout_s: number }>('SELECT timeout_s FROM queue')
  assert.equal(row?.timeout_s, 60)
  await waitFor(async () => (await project.states())[0] === 'running', { what: 'it to run' })
  await project.start('queuectl', ['cancel', '1']).exited
  await ended(project)
  assert.deepEqual(await project.states(), ['cancelled'])
})

test('a project of CommonJS, with a schedule that imports a file of its own', async (t) => {
  const project = await queueProject(t, sqlite, {
    packageType: 'commonjs',
    schedule: `import { holidays } from './tasks/holidays.ts'\n${schedule(
      `report: { when: every('1m'), onlyIf: ({ local }) => !holidays.includes(local.slice(0, 10)) || 'holiday', exec: ${WRITE} }`,
    )}`,
    tasks: { 'holidays.ts': "export const holidays: string[] = ['2026-11-20']\n" },
  })

  await tick(project, '18:30')

  const [slot] = await slotsOf(project.db, {}, 5)
  assert.deepEqual([slot?.verdict, slot?.reason], ['condition', 'holiday'])
})

function schedule(jobs: string): string {
  return `import { after, cron, defineSchedule, every } from 'cron-mission'\nexport default defineSchedule({ timezone: 'UTC', jobs: { ${jobs} } })\n`
}

async function tick(project: QueueProject, time: string, day = '2026-11-20'): Promise<void> {
  const { code, stderr } = await project.start('cron-mission', ['--at', `${day}T${time}:00Z`]).exited
  assert.deepEqual([code, stderr], [0, ''])
}

/** Every worker that was started has left. */
async function ended(project: QueueProject): Promise<void> {
  const isIdle = async () => {
    const [open] = (await openSlots(project.db)).filter(
      ({ task }) => task?.status === 'ready' || task?.status === 'running',
    )
    const [worker] = await project.db.all('SELECT id FROM worker')
    return open === undefined && worker === undefined
  }
  await waitFor(isIdle, { what: 'the workers to leave', timeoutMs: 20_000 })
  await project.nothingIsLeft()
}
