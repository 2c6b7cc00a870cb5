/**
 * What it saves that a program stays: the same small programs in PHP, Node and Python, started anew for each task and serving
 * many, by the same `do-queue`.
 *
 * Each reads its parameter and prints nothing, so that what is measured is the start of an interpreter against a line to it
 * and a line back. A rate is of all that a run took, the start of do-queue included; of the slow way fewer tasks are run.
 */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Comparison, comparisonText, figure } from './comparison.ts'
import { type Language, type LanguageName, languagesHere, versionsOf } from './languages.ts'
import { choice, choices, OUR_BUILD, readOptions, whole } from './options.ts'
import { doQueueOf, fill, makeProject, type Project, requireDone, runNode } from './project.ts'
import type { Found } from './report.ts'

interface Options {
  readonly rounds: number
  /** For the programs that stay. */
  readonly tasks: number
  /** For those that are started for each task. */
  readonly 'cold-tasks': number
  readonly concurrency: number
  readonly database: 'mariadb' | 'sqlite'
  readonly languages: readonly LanguageName[]
}

interface Way {
  readonly name: 'cold' | 'warm'
  readonly program: string
  readonly tasks: number
  /** Tasks a second, one for each round. */
  readonly rates: number[]
}

const PROGRAMS = join(import.meta.dirname, 'programs')
const WARM_UP_TASKS = 100
const GOAL = 10

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, {
    rounds: whole(5),
    tasks: whole(5_000),
    'cold-tasks': whole(300),
    concurrency: whole(4),
    database: choice('mariadb', 'sqlite'),
    languages: choices('PHP', 'Node', 'Python'),
  })
  const languages = await languagesHere(options.languages)
  const project = await makeProject(options.database)
  try {
    const { rounds, tasks, database } = options
    process.stdout.write(`${tasks} tasks warm, ${options['cold-tasks']} cold, ${database}, ${rounds} rounds\n`)
    const comparisons: Comparison[] = []
    for (const language of languages) {
      comparisons.push(comparisonOf(language, await play(project, language, options), options))
    }
    process.stdout.write(comparisons.map(comparisonText).join(''))
    return { options, comparisons, versions: versionsOf(languages) }
  } finally {
    await project.close()
  }
}

async function play(project: Project, { name, extension }: Language, options: Options): Promise<Way[]> {
  const { rounds, tasks, 'cold-tasks': coldTasks, concurrency } = options
  const ways: Way[] = [
    { name: 'cold', program: `read.${extension}`, tasks: coldTasks, rates: [] },
    { name: 'warm', program: `read.warm.${extension}`, tasks, rates: [] },
  ]
  for (const { program } of ways) {
    copyFileSync(join(PROGRAMS, program), join(project.directory, 'tasks', program))
    await rateOf(project, program, Math.min(WARM_UP_TASKS, options['cold-tasks']), concurrency)
  }
  for (let round = 1; round <= rounds; round++) {
    for (const { program, tasks, rates } of ways) rates.push(await rateOf(project, program, tasks, concurrency))
    const rates = ways.map((way) => `${way.name} ${figure(way.rates.at(-1) ?? Number.NaN)} tasks/s`)
    process.stdout.write(`${name}, round ${round}: ${rates.join(', ')}\n`)
  }
  return ways
}

async function rateOf(project: Project, task: string, tasks: number, concurrency: number): Promise<number> {
  await fill(
    project,
    Array.from({ length: tasks }, (_, i) => ({ task, param: `uid=${i + 1}&name=Ada` })),
  )
  const { seconds } = runNode(project, doQueueOf(OUR_BUILD, project, concurrency))
  await requireDone(project, tasks)
  return tasks / seconds
}

function comparisonOf({ name, extension }: Language, ways: readonly Way[], { concurrency }: Options): Comparison {
  return {
    ...{ id: extension, title: `a small program in ${name}, concurrency ${concurrency}`, unit: 'tasks/s' },
    ...{ better: 'more', rival: 'cold' },
    sides: ways.map(({ name, rates }) => ({ name, ours: name === 'warm', samples: rates })),
    goals: [{ side: 'warm', atLeast: GOAL }],
  }
}
