/**
 * How fast tiny programs are run: `do-queue`, with every task booked durably, against what only runs them.
 *
 * `xargs -P` does the least a tool does: fork, exec, wait. A loop over posix_spawn in C is the least a program can do. The old
 * PHP loop is what do-queue replaces, and child_process.spawn what one would write in Node. All of them run the same copy of
 * `true` with the same arguments in the environment of a task; queues are filled between the runs, outside the time.
 */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Comparison, comparisonText, type Side } from './comparison.ts'
import { versionOf } from './machine.ts'
import { choice, choices, directories, OUR_BUILD, readOptions, whole, wholes } from './options.ts'
import {
  doQueueOf,
  fill,
  makeProject,
  type Project,
  type RunCost,
  requireDone,
  runNode,
  taskEnvironment,
} from './project.ts'
import type { Found } from './report.ts'
import { type Place, type RivalName, rivalsOf, type Way } from './spawn-rivals.ts'

interface Options {
  readonly rounds: number
  readonly tasks: number
  readonly concurrency: readonly number[]
  readonly database: 'mariadb' | 'sqlite'
  /** xargs is always among them. */
  readonly rivals: readonly RivalName[]
  readonly compare: readonly string[]
}

/** One way at one concurrency. */
interface Measured {
  readonly way: Way
  /** One a round. */
  readonly costs: readonly { readonly whole: RunCost; readonly empty: RunCost }[]
}

const OURS = 'do-queue'
const TASK = 'nothing'
const WARM_UP_TASKS = 200

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, {
    rounds: whole(5),
    tasks: whole(5_000),
    concurrency: wholes([1, 4, 10]),
    database: choice('mariadb', 'sqlite'),
    rivals: choices('xargs', 'posix_spawn', 'php', 'node'),
    compare: directories(),
  })
  const project = await makeProject(options.database)
  try {
    const { rounds, tasks, database } = options
    process.stdout.write(`${tasks} tasks, ${database}, ${rounds} rounds after a short one to warm up\n`)
    const place = await preparePlace(project)
    const ways = [
      ...(await rivalsOf(place, options)),
      ...[OUR_BUILD, ...options.compare].map((build) => doQueue(place, build)),
    ]
    const comparisons = []
    for (const concurrency of options.concurrency) {
      const made = comparisonsOf(concurrency, options, await play(place, ways, concurrency, options))
      process.stdout.write(made.map(comparisonText).join(''))
      comparisons.push(...made)
    }
    return { options, comparisons, versions: versionsOf(ways) }
  } finally {
    await project.close()
  }
}

async function preparePlace(project: Project): Promise<Place> {
  const program = join(project.directory, 'tasks', TASK)
  copyFileSync('/bin/true', program)
  const environment = await taskEnvironment(project)
  return { project, program, environment, list: join(project.directory, 'arguments') }
}

function doQueue({ project }: Place, build: string): Way {
  return {
    name: build === OUR_BUILD ? OURS : `${OURS} of ${build}`,
    isNode: true,
    prepare: (params) =>
      fill(
        project,
        params.map((param) => ({ task: TASK, param })),
      ),
    run: (concurrency) => runNode(project, doQueueOf(build, project, concurrency)),
    check: (tasks) => requireDone(project, tasks),
  }
}

/** All of them in turn, so that a disturbance meets everybody; what a way costs with nothing to do is measured beside it. */
async function play(
  place: Place,
  ways: readonly Way[],
  concurrency: number,
  { rounds, tasks }: Options,
): Promise<Measured[]> {
  for (const way of ways) await runWay(place, way, concurrency, WARM_UP_TASKS)
  const measured = ways.map((way) => ({ way, costs: [] as { whole: RunCost; empty: RunCost }[] }))
  for (let round = 0; round < rounds; round++) {
    for (const { way, costs } of measured) {
      const empty = await runWay(place, way, concurrency, 0)
      costs.push({ empty, whole: await runWay(place, way, concurrency, tasks) })
    }
    const seconds = measured.map(({ way, costs }) => `${way.name} ${costs.at(-1)?.whole.seconds.toFixed(2)} s`)
    process.stdout.write(`concurrency ${concurrency}, round ${round + 1}: ${seconds.join(', ')}\n`)
  }
  return measured
}

async function runWay({ list }: Place, way: Way, concurrency: number, tasks: number): Promise<RunCost> {
  const params = Array.from({ length: tasks }, (_, i) => `uid=${i + 1}`)
  writeFileSync(list, params.map((param) => `${param}\n`).join(''))
  await way.prepare?.(params)
  const cost = way.run(concurrency)
  await way.check?.(tasks)
  return cost
}

function comparisonsOf(concurrency: number, { tasks, database }: Options, measured: readonly Measured[]): Comparison[] {
  const about = `${tasks.toLocaleString('en')} tiny programs, concurrency ${concurrency}${database === 'sqlite' ? ', SQLite' : ''}`
  const sidesBy = (value: (whole: RunCost, empty: RunCost) => number, of = measured): Side[] =>
    of.map(({ way: { name }, costs }) => ({
      name,
      ours: name.startsWith(OURS),
      samples: costs.map(({ whole, empty }) => value(whole, empty)),
    }))
  const isParallel = concurrency > 1
  const hasPosixSpawn = measured.some(({ way }) => way.name === 'posix_spawn')
  const nodes = measured.filter(({ way }) => way.isNode)
  const perTask = (seconds: number) => (seconds * 1_000) / tasks
  const withoutStart = sidesBy((whole, empty) => perTask(whole.ownCpuSeconds - empty.ownCpuSeconds), nodes)
  return [
    {
      ...{ id: `concurrency-${concurrency}`, title: about, unit: 'tasks/s', better: 'more', rival: 'xargs' },
      sides: sidesBy(({ seconds }) => tasks / seconds),
      goals: [
        ...(isParallel ? [{ side: OURS, atLeast: 1 }] : []),
        ...(isParallel && hasPosixSpawn ? [{ side: OURS, rival: 'posix_spawn', atLeast: 0.85 }] : []),
      ],
    },
    {
      ...{ id: `concurrency-${concurrency}-without-start`, unit: 'tasks/s', better: 'more', rival: 'xargs' },
      title: `${about}, without what each takes with nothing to do`,
      sides: sidesBy((whole, empty) => tasks / (whole.seconds - empty.seconds)),
    },
    {
      ...{ id: `concurrency-${concurrency}-cpu`, unit: 'CPU ms a task', better: 'less', rival: 'xargs' },
      title: `${about}: CPU of all processes, the program's own and the database server's included`,
      sides: sidesBy(({ cpuSeconds }) => perTask(cpuSeconds)),
    },
    {
      ...{
        id: `concurrency-${concurrency}-own-cpu`,
        unit: 'CPU ms a task',
        better: 'less',
        rival: nodes[0]?.way.name ?? OURS,
      },
      title: `${about}: CPU of the Node process alone`,
      sides: [
        ...sidesBy(({ ownCpuSeconds }) => perTask(ownCpuSeconds), nodes),
        ...withoutStart.map((side) => ({ ...side, name: `${side.name}, without its start` })),
      ],
      goals: [{ side: OURS, unit: 'CPU ms a task', atMost: 0.15 }],
    },
  ]
}

function versionsOf(ways: readonly Way[]): Readonly<Record<string, string>> {
  const has = (name: string) => ways.some((way) => way.name === name)
  return {
    ...(has('posix_spawn') ? { cc: versionOf('cc') } : {}),
    ...(has('old PHP loop') ? { php: versionOf('php') } : {}),
  }
}
