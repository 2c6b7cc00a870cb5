/** Retry lists as an operator reads them in the rows, attempt by attempt, and the exit codes that have a meaning of their own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type QueueProject, queueProject, type Row } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'

const [sqlite] = DATABASES as readonly [Database]

const MINUTE = 60_000
const HOUR = 60 * MINUTE

for (const database of DATABASES) {
  test(`a row's list of seven delays gives eight attempts, each exactly so long after the last (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [id] = await project.insert({ task: 'exit', param: '1', retry: '2m,10m,10m,1h,2h,6h,15h' })

    const delays: number[] = []
    for (let row = await attempted(project, id); row.status === 'scheduled'; row = await attempted(project, id)) {
      assert.equal(row.attempts, delays.push(row.delayMs))
      await project.run('do-queue')
      assert.deepEqual(await project.row(id), row, 'it is not run before its time')
    }

    assert.deepEqual(
      delays,
      [2 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 15 * HOUR],
      'the delays between the attempts',
    )
    const { status, attempts, exitCode, error } = await project.row(id)
    assert.deepEqual([status, attempts, exitCode, error], ['failed', 8, 1, 'exit code 1'])
    assert.deepEqual(
      (await project.attempts(id)).map(({ attempt }) => attempt),
      [1, 2, 3, 4, 5, 6, 7, 8],
    )
  })

  test(`"try later" uses up no attempt however often it is said, and the delay is that of the attempt it stands at (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [id] = await project.insert({ task: 'codes', param: '75 75 75 1 75 1', retry: '2m,10m', max_attempts: 2 })

    const seen: (readonly [string, number, number?])[] = []
    do {
      const { status, attempts, delayMs } = await attempted(project, id)
      seen.push(status === 'scheduled' ? [status, attempts, delayMs / MINUTE] : [status, attempts])
    } while (seen.at(-1)?.[0] === 'scheduled')

    assert.deepEqual(seen, [
      ['scheduled', 0, 2],
      ['scheduled', 0, 2],
      ['scheduled', 0, 2],
      ['scheduled', 1, 2],
      ['scheduled', 1, 10],
      ['failed', 2],
    ])
    assert.deepEqual(project.lines(`told.${id}`), ['1', '1', '1', '1', '2', '2'])
    assert.deepEqual(
      (await project.attempts(id)).map(({ exitCode }) => exitCode),
      [75, 75, 75, 1, 75, 1],
    )
  })

  test(`"never retry" ends a task at once, whatever attempts it has left (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [id] = await project.insert({ task: 'codes', param: '1 65', max_attempts: 100 })

    await attempted(project, id)
    const { status, attempts, exitCode, error } = await attempted(project, id)

    assert.deepEqual([status, attempts, exitCode, error], ['failed', 2, 65, 'exit code 65 (never retry)'])
    assert.equal((await project.attempts(id)).length, 2)
  })
}

const JOB = `import { defineSchedule, every } from 'cron-mission'
export default defineSchedule({
  timezone: 'UTC',
  jobs: { default: { when: every('1m'), queue: 'default', retry: '11m,111m' } },
})
`

/** Who says what the delays are; the one who goes first is tried together with those he goes before. */
const SOURCES: readonly (readonly [
  string,
  {
    readonly row?: string
    readonly flags?: readonly string[]
    readonly variable?: string
    readonly file?: string
    readonly isTick?: true
  },
  readonly [number, number],
])[] = [
  ['nobody', {}, [1, 5]],
  ['QUEUE_RETRY in .env', { file: '13m,113m' }, [13, 113]],
  ['QUEUE_RETRY', { variable: '12m,112m', file: '13m,113m' }, [12, 112]],
  ['--retry', { flags: ['--retry', '11m,111m'], variable: '12m,112m', file: '13m,113m' }, [11, 111]],
  ['the row', { row: '10m,110m', flags: ['--retry', '11m,111m'], variable: '12m' }, [10, 110]],
  ['the job', { isTick: true, variable: '12m,112m', file: '13m,113m' }, [11, 111]],
  ['the row of a job', { row: '10m,110m', isTick: true }, [10, 110]],
]

for (const [who, { row = null, flags = [], variable, file, isTick }, [first, second]] of SOURCES) {
  test(`delays between attempts as told by ${who}`, async (t) => {
    const project = await queueProject(t, sqlite, {
      ...(file !== undefined && { env: { QUEUE_RETRY: file } }),
      ...(isTick && { schedule: JOB }),
    })
    await project.insert(...[0, 1].map((attempts) => ({ task: 'exit', param: '1', retry: row, attempts })))
    const env = variable === undefined ? {} : { QUEUE_RETRY: variable }

    if (isTick) await project.run('cron-mission', ['--wait'], { env })
    else await project.run('do-queue', flags, { env })

    assert.deepEqual(
      (await project.rows()).map(({ status, attempts, delayMs }) => [status, attempts, delayMs / MINUTE]),
      [
        ['scheduled', 1, first],
        ['scheduled', 2, second],
      ],
    )
  })
}

test('a list that is empty, in a row or a flag, means one attempt', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'exit', param: '1', retry: 'none' }, { task: 'exit', param: '1', retry: '' })
  await project.run('do-queue')
  const [byFlag] = await project.insert({ task: 'exit', param: '1' })
  await project.run('do-queue', ['--retry', 'none'])

  assert.equal(byFlag, 3)
  assert.deepEqual(
    (await project.rows()).map(({ status, attempts }) => [status, attempts]),
    Array(3).fill(['failed', 1]),
  )
})

/** The row after its next attempt, whose time is made to have come. */
async function attempted(project: QueueProject, id: number | undefined): Promise<Row> {
  const { db } = project
  await db.run(`UPDATE queue SET run_at = ${db.dialect.fromNow('?')} WHERE id = ?`, [-MINUTE, id ?? null])
  await project.run('do-queue')
  return project.row(id)
}
