/**
 * What adding tasks costs, one by one and in bulk, from the command line and from the library, against the statements that one would
 * write by hand for the same rows.
 *
 * The statements by hand are given all they could wish for: an open connection, only the columns that differ, and no checks. Ours checks
 * each task, and answers what became of it.
 */
import { grouped } from '../src/amount.ts'
import type { NewTask } from '../src/queue/new-task.ts'
import { type AddWay, addTask, bulkWays, insertByCommand, requireRows, singleWays, timed } from './add-ways.ts'
import { type Comparison, comparisonText, type Goal } from './comparison.ts'
import { readOptions, whole } from './options.ts'
import { makeProject, type Project } from './project.ts'
import type { Found } from './report.ts'

interface Options {
  readonly rounds: number
  /** In bulk. */
  readonly tasks: number
  /** One by one, on a connection that is open. */
  readonly singles: number
  /** One by one, each by a command of its own. */
  readonly commands: number
}

const WARM_UP_TASKS = 2_000
const LEAST = 0.8

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, {
    ...{ rounds: whole(5), tasks: whole(100_000), singles: whole(2_000), commands: whole(10) },
  })
  const project = await makeProject('mariadb')
  try {
    const bulk = await bulkWays(project)
    const single = await singleWays(project)
    const comparisons = [
      await compared(project, 'bulk', bulk, options.tasks, options.rounds),
      await compared(project, 'single', single, options.singles, options.rounds),
      await commands(project, options),
    ]
    return { options, comparisons }
  } finally {
    await project.close()
  }
}

/** The first of them is the rival. */
async function compared(
  project: Project,
  id: 'bulk' | 'single',
  ways: readonly AddWay[],
  count: number,
  rounds: number,
): Promise<Comparison> {
  const tasks = tasksOf(count)
  for (const way of ways) await play(project, way, tasksOf(Math.min(count, WARM_UP_TASKS)))
  const sides = ways.map(({ name, isOurs }) => ({ name, ours: isOurs, samples: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    for (const [i, way] of ways.entries()) sides[i]?.samples.push(count / (await play(project, way, tasks)))
    process.stdout.write(`${id}, round ${round + 1}\n`)
  }
  const comparison: Comparison = {
    id,
    title: id === 'bulk' ? `${grouped(count)} tasks added in bulk` : `${grouped(count)} tasks added one by one`,
    ...{ unit: 'tasks/s', better: 'more', rival: ways[0]?.name ?? '', sides },
    goals: sides.filter(({ ours }) => ours && id === 'bulk').map(({ name }): Goal => ({ side: name, atLeast: LEAST })),
  }
  process.stdout.write(comparisonText(comparison))
  return comparison
}

/** @returns seconds */
async function play(project: Project, way: AddWay, tasks: readonly NewTask[]): Promise<number> {
  await project.db.run('TRUNCATE TABLE queue')
  const seconds = await way.add(tasks)
  await requireRows(project, tasks)
  return seconds
}

/** What a script pays that calls a command for each task: nearly all of it is the start of a Node. */
async function commands(project: Project, { commands, rounds }: Options): Promise<Comparison> {
  const [task] = tasksOf(1)
  const { task: name = '', param = '', queue = '' } = task ?? {}
  const ways: Readonly<Record<string, () => void>> = {
    'node, connect, INSERT': () => insertByCommand(project, [name, param, queue]),
    'add-task': () => addTask(project, [name, param, '--queue', queue], ''),
  }
  const sides = Object.keys(ways).map((way) => ({ name: way, ours: way === 'add-task', samples: [] as number[] }))
  for (let round = 0; round <= rounds; round++) {
    for (const side of sides) {
      const seconds = await timed(async () => {
        for (let i = 0; i < commands; i++) ways[side.name]?.()
      })
      if (round > 0) side.samples.push((seconds * 1_000) / commands)
    }
  }
  const comparison: Comparison = {
    ...{ id: 'command', title: 'One task added by a command of its own', unit: 'ms', better: 'less' },
    ...{ rival: 'node, connect, INSERT', sides },
  }
  process.stdout.write(comparisonText(comparison))
  return comparison
}

function tasksOf(count: number): NewTask[] {
  return Array.from({ length: count }, (_, i) => ({
    task: 'send-msg',
    param: `uid=${i}&uids[]=${i + 1}&text=hello`,
    queue: 'mail',
  }))
}
