/**
 * How fast programs are run that do something: 20 to 50 ms each, in PHP, Node and Python, by `do-queue` and by `xargs -P4`.
 *
 * Each reads a file of orders, adds them up, makes check sums of it and writes a small file. xargs runs one command, so a line
 * of sh chooses the language by the parameter, for both sides alike: the same commands in the same order with the same
 * environment. What a dispatcher adds shows here as it does in daily work: hardly.
 */
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Comparison, comparisonText } from './comparison.ts'
import { type Language, languagesHere, versionsOf } from './languages.ts'
import { choice, directories, OUR_BUILD, readOptions, whole } from './options.ts'
import {
  doQueueOf,
  fill,
  makeProject,
  type Project,
  type RunCost,
  requireDone,
  runCommand,
  runNode,
  taskEnvironment,
} from './project.ts'
import type { Found } from './report.ts'

interface Options {
  readonly rounds: number
  readonly tasks: number
  readonly concurrency: number
  readonly database: 'mariadb' | 'sqlite'
  readonly compare: readonly string[]
}

interface Side {
  readonly name: string
  readonly costs: RunCost[]
  run(): Promise<RunCost>
}

const PROGRAMS = join(import.meta.dirname, 'programs')
const OURS = 'do-queue'
const TASK = 'report'
const ORDERS = 2_000
const THINGS = ['shirt', 'book', 'lamp']

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, {
    rounds: whole(5),
    tasks: whole(500),
    concurrency: whole(4),
    database: choice('mariadb', 'sqlite'),
    compare: directories(),
  })
  const languages = await languagesHere()
  const project = await makeProject(options.database)
  try {
    const names = languages.map(({ name }) => name).join(', ')
    process.stdout.write(`${options.tasks} programs (${names}), ${options.rounds} rounds after one to warm up\n`)
    const sides = await sidesOf(project, languages, options)
    await play(project, sides, options)
    const comparisons = comparisonsOf(sides, options)
    process.stdout.write(comparisons.map(comparisonText).join(''))
    return { options, comparisons, versions: versionsOf(languages) }
  } finally {
    await project.close()
  }
}

async function sidesOf(
  project: Project,
  languages: readonly Language[],
  { tasks, concurrency, compare }: Options,
): Promise<Side[]> {
  const { directory } = project
  const environment = await taskEnvironment(project)
  for (const { extension } of languages) {
    const file = fileOf(extension)
    copyFileSync(join(PROGRAMS, file), join(directory, file))
  }
  writeFileSync(join(directory, 'orders.json'), JSON.stringify(Array.from({ length: ORDERS }, (_, i) => order(i))))
  const program = join(directory, 'tasks', TASK)
  writeFileSync(program, `#!/bin/sh\ncase $(($1 % ${languages.length})) in\n${languages.map(branch).join('')}esac\n`, {
    mode: 0o755,
  })
  const params = Array.from({ length: tasks }, (_, i) => String(i))
  const stdin = join(directory, 'arguments')
  writeFileSync(stdin, params.map((param) => `${param}\n`).join(''))
  const xargs = async () =>
    runCommand(project, ['xargs', '-r', `-P${concurrency}`, '-n1', program], { environment, stdin })
  const doQueue = (build: string) => async () => {
    await fill(
      project,
      params.map((param) => ({ task: TASK, param })),
    )
    const cost = runNode(project, doQueueOf(build, project, concurrency))
    await requireDone(project, tasks)
    return cost
  }
  return [
    { name: 'xargs', costs: [], run: xargs },
    ...[OUR_BUILD, ...compare].map((build) => ({
      ...{ name: build === OUR_BUILD ? OURS : `${OURS} of ${build}`, costs: [] },
      run: doQueue(build),
    })),
  ]
}

function branch({ interpreter, extension }: Language, i: number): string {
  return `${i}) exec ${interpreter} ${fileOf(extension)} "$1" ;;\n`
}

function fileOf(extension: string): string {
  return `report.${extension}`
}

function order(i: number): object {
  return { id: i, customer: `customer-${i % 97}`, cents: (i * 7919) % 10_000, items: THINGS.slice(i % THINGS.length) }
}

async function play({ directory }: Project, sides: readonly Side[], { rounds, tasks }: Options): Promise<void> {
  const outbox = join(directory, 'outbox')
  for (let round = 0; round <= rounds; round++) {
    for (const { name, costs, run } of sides) {
      rmSync(outbox, { recursive: true, force: true })
      mkdirSync(outbox)
      const cost = await run()
      const made = readdirSync(outbox).length
      if (made !== tasks) throw new Error(`${name} left with ${made} of ${tasks} files written.`)
      if (round > 0) costs.push(cost)
    }
    if (round === 0) continue
    const seconds = sides.map(({ name, costs }) => `${name} ${costs.at(-1)?.seconds.toFixed(2)} s`)
    process.stdout.write(`round ${round}: ${seconds.join(', ')}\n`)
  }
}

function comparisonsOf(sides: readonly Side[], { tasks, concurrency }: Options): Comparison[] {
  const about = `${tasks} programs of 20 to 50 ms, concurrency ${concurrency}`
  const by = (value: (cost: RunCost) => number) =>
    sides.map(({ name, costs }) => ({ name, ours: name.startsWith(OURS), samples: costs.map(value) }))
  return [
    {
      ...{ id: 'throughput', title: about, unit: 'tasks/s', better: 'more', rival: 'xargs' },
      sides: by(({ seconds }) => tasks / seconds),
      goals: [{ side: OURS, atLeast: 0.97 }],
    },
    {
      ...{ id: 'cpu', title: `${about}: CPU of all processes and the database server`, unit: 'CPU ms a task' },
      ...{ better: 'less', rival: 'xargs' },
      sides: by(({ cpuSeconds }) => (cpuSeconds * 1_000) / tasks),
    },
  ]
}
