/**
 * Workers are killed at any moment, again and again, and no task is lost and none is run twice.
 *
 * As long as only workers are killed, runners see their programs to the end: so this is held to the programs' own word, the
 * file that each of them signs. A failure tells the seed; SEED=… runs the same moments again.
 */
import assert from 'node:assert/strict'
import { type FSWatcher, watch } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { bytesOfSeq } from './bytes-of-seq.ts'
import { type FaultProject, faultProject, killed } from './fault-project.ts'
import { type Random, seededRandom } from './seeded-random.ts'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))
const KILLS_OF_EACH = 20
const TASKS_AT_ONCE = 10
const LONGEST_WAIT_MS = 1_200

/** Two workers beside each other, which have three shards between them. */
const PARTS = [
  ['--total', '3', '--shard', '0'],
  ['--total', '3', '--shard', '1,2'],
]

/** What is waited for before a kill. */
type Moment = (project: FaultProject, random: Random) => Promise<unknown>

const MOMENTS: Readonly<Record<string, Moment>> = {
  'at any time': (_, random) => sleep(random.below(700)),
  'when something happens to the workers’ directories': (project, random) =>
    changes(project, '.queue', random.below(6)),
  'when a journal or an output grows': (project, random) => journalGrows(project, random.below(30)),
  'when a program signs': (project, random) => changes(project, 'signed', random.below(20)),
  'when the log grows': (project, random) => changes(project, 'logs', random.below(15)),
  'when a row is claimed': (project) => rowIs(project, 2),
  'when a row is booked': (project) => rowIs(project, 1),
}

// They wait more than they compute.
describe('killing at random', { concurrency: 2 }, () => {
  for (const database of DATABASES) {
    test(`workers killed at any moment lose no task and run none twice (${database.name})`, async (t) => {
      t.diagnostic(`seed ${SEED}`)
      const project = await faultProject(t, database)
      for (const directory of ['.queue', 'logs']) await mkdir(project.path(directory))
      await writeFile(project.path('signed'), '')
      const story: string[] = []

      try {
        await Promise.all(
          PARTS.map((flags, part) => killAgainAndAgain(project, flags, seededRandom(SEED + part), story)),
        )
        await waitFor(() => project.runners().length === 0, { what: 'the last runners to leave' })
        await project.once('do-queue', ['--total', '3', '--shard', 'all', '--concurrency', '6', '--quiet'])
        await everyTaskRanOnce(project)
        await everyTaskIsLoggedOnce(project)
        await project.adopted()
      } catch (error) {
        console.error(`SEED=${SEED}\n${story.join('\n')}`)
        throw error
      }
      const working = project
        .events('worker-start')
        .filter((line) => story.some((it) => it.includes(` ${line.split(' ')[2]} `)))
      t.diagnostic(`${story.length} kills, ${working.length} of workers that were at work`)
      assert.ok(
        working.length > story.length / 4,
        `Only ${working.length} of ${story.length} were at work when they were killed.`,
      )
    })
  }
})

async function killAgainAndAgain(
  project: FaultProject,
  flags: readonly string[],
  random: Random,
  story: string[],
): Promise<void> {
  for (let n = 0; n < KILLS_OF_EACH; n++) {
    await project.insert(...Array.from({ length: TASKS_AT_ONCE }, () => randomTask(random)))
    const worker = project.start('do-queue', [...flags, '--concurrency', '4', '--watch', '--batch', '5'])
    const name = random.oneOf(Object.keys(MOMENTS))
    await Promise.race([MOMENTS[name]?.(project, random), sleep(LONGEST_WAIT_MS, undefined, { ref: false })])
    if (random.below(2) === 0) await sleep(random.below(30))
    await killed(worker)
    story.push(`${flags.at(-1)} pid ${worker.pid} killed ${name}`)
    assert.equal(worker.stderr, '')
  }
}

function randomTask(random: Random) {
  const bytes = random.below(3) === 0 ? random.below(5_000) : 0
  return { task: 'sign', param: `0.${String(random.below(150)).padStart(3, '0')} 0 ${bytes}`, bucket: random.below(60) }
}

async function everyTaskRanOnce(project: FaultProject): Promise<void> {
  const signed = project.lines('signed').map((line) => line.split(' '))
  const times = (id: number, what: string) =>
    signed.filter(([task, , kind]) => task === String(id) && kind === what).length
  const rows = await project.rows()

  const facts = rows.map((row) =>
    [row.id, row.status, row.attempts, times(row.id, 'start'), times(row.id, 'end')].join(' '),
  )
  assert.deepEqual(
    facts.filter((fact) => !fact.endsWith(' done 1 1 1')),
    [],
  )
  assert.deepEqual(await project.db.all('SELECT * FROM attempt'), [])
}

async function everyTaskIsLoggedOnce(project: FaultProject): Promise<void> {
  const params = await project.db.all<{ id: number; param: string }>('SELECT id, param FROM queue')
  const logged = Map.groupBy(project.events('task-done'), (line) => Number(/ id=(\d+) /.exec(line)?.[1]))
  for (const row of await project.rows()) {
    const param = params.find(({ id }) => Number(id) === row.id)?.param ?? ''
    assert.equal(project.written(row), bytesOfSeq(Number(param.split(' ')[2])), `the output of task ${row.id}`)
  }
  const wrong = params.filter(({ id }) => logged.get(Number(id))?.length !== 1)
  assert.deepEqual(
    wrong.flatMap(({ id }) => logged.get(Number(id)) ?? `task ${id} is not in the log`),
    [],
  )
}

/** Resolves at the change of that number in a directory or file, as soon as the kernel tells. */
async function changes(project: FaultProject, directory: string, number: number): Promise<void> {
  await watched([project.path(directory)], number)
}

async function journalGrows(project: FaultProject, number: number): Promise<void> {
  const before = project.workerDirectories()
  const fresh = () => project.workerDirectories().filter((path) => !before.includes(path))
  await waitFor(() => fresh().length > 0, {
    what: 'a new worker to make its directory',
    timeoutMs: LONGEST_WAIT_MS,
  }).catch(() => {})
  await watched(fresh(), number)
}

async function watched(paths: readonly string[], number: number): Promise<void> {
  const watchers: FSWatcher[] = []
  let left = number
  try {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, LONGEST_WAIT_MS).unref()
      for (const path of paths) {
        try {
          const watcher = watch(path, () => (left-- <= 0 ? resolve() : undefined))
          watcher.on('error', () => {}) // it was removed
          watchers.push(watcher)
        } catch {
          // it was removed before it could be watched
        }
      }
    })
  } finally {
    for (const watcher of watchers) watcher.close()
  }
}

/** Resolves when there are more rows in that state than before. */
async function rowIs({ db }: FaultProject, status: number): Promise<void> {
  const count = async () => {
    const [row] = await db.all<{ count: number }>(`SELECT COUNT(*) AS count FROM queue WHERE status = ${status}`)
    return Number(row?.count)
  }
  const before = await count()
  const deadline = performance.now() + LONGEST_WAIT_MS
  while ((await count()) <= before && performance.now() < deadline) await sleep(1)
}
