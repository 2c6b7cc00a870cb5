/**
 * What do-queue is compared with when it comes to running programs: other ways to run one for each of many parameters.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { needProgram } from '../test/helpers/server-program.ts'
import type { Database, Project, RunCost } from './project.ts'
import { runCommand, runNode } from './project.ts'

export interface Place {
  readonly project: Project
  /** Run for each parameter. */
  readonly program: string
  /** Of the program, whoever runs it. */
  readonly environment: Readonly<Record<string, string>>
  /** A file with a parameter on each line. */
  readonly list: string
}

/** One way to run them all. */
export interface Way {
  readonly name: string
  /** Its own process is a Node. */
  readonly isNode: boolean
  /** Before the time is taken. */
  prepare?(params: readonly string[]): Promise<void>
  run(concurrency: number): RunCost
  /** @throws Error when it has not done all */
  check?(tasks: number): Promise<void>
}

export type RivalName = 'xargs' | 'posix_spawn' | 'php' | 'node'

interface Wanted {
  readonly rivals: readonly RivalName[]
  readonly database: Database
}

const INSERTED_AT_ONCE = 1_000
/** $1 of them, and $1 in front of their number. */
const SIDE_BY_SIDE =
  'n=$1; shift; i=0; while [ "$i" -lt "$n" ]; do "$@" "$n" "$i" "$PROGRAM" & i=$((i + 1)); done; wait'

/** xargs, and those wanted that this machine can run; of each that it cannot, one sentence is printed. */
export async function rivalsOf(place: Place, { rivals, database }: Wanted): Promise<Way[]> {
  const ways = [xargs(place)]
  if (rivals.includes('posix_spawn')) ways.push(...(await unless(needProgram('compiler'), () => posixSpawn(place))))
  if (rivals.includes('php')) {
    const noPhp = database === 'sqlite' ? Promise.resolve('it needs MariaDB.') : needProgram('php')
    ways.push(...(await unless(noPhp, () => oldLoop(place))))
  }
  if (rivals.includes('node')) ways.push(nodeLoop(place))
  return ways
}

async function unless(missing: Promise<string | undefined>, way: () => Way | Promise<Way>): Promise<Way[]> {
  const why = await missing
  if (why === undefined) return [await way()]
  process.stdout.write(`One rival is left out: ${why}\n`)
  return []
}

function xargs({ project, program, environment, list: stdin }: Place): Way {
  return {
    name: 'xargs',
    isNode: false,
    run: (concurrency) =>
      runCommand(project, ['xargs', '-r', `-P${concurrency}`, '-n1', program], { environment, stdin }),
  }
}

function posixSpawn({ project, program, environment, list: stdin }: Place): Way {
  const compiled = join(project.directory, 'posix-spawn')
  execFileSync('cc', ['-O2', '-o', compiled, join(import.meta.dirname, 'posix-spawn.c')])
  return {
    name: 'posix_spawn',
    isNode: false,
    run: (concurrency) => runCommand(project, [compiled, String(concurrency), program], { environment, stdin }),
  }
}

/** On a table without a history: what it was on the day it was written. */
async function oldLoop({ project, program, environment }: Place): Promise<Way> {
  const { db, url } = project
  const { hostname, port, pathname } = new URL(url)
  const loop = ['php', join(import.meta.dirname, 'old-loop.php'), hostname, port, pathname.slice(1)]
  await db.run(
    `CREATE TABLE old_queue (id BIGINT AUTO_INCREMENT PRIMARY KEY, task VARCHAR(190) NOT NULL, param TEXT NOT NULL,
                             status TINYINT NOT NULL DEFAULT 0) ENGINE=InnoDB`,
  )
  return {
    name: 'old PHP loop',
    isNode: false,
    async prepare(params) {
      await db.run('TRUNCATE TABLE old_queue')
      for (let start = 0; start < params.length; start += INSERTED_AT_ONCE) {
        const some = params.slice(start, start + INSERTED_AT_ONCE)
        await db.run(`INSERT INTO old_queue (task, param) VALUES ${some.map(() => `('nothing', ?)`).join(', ')}`, some)
      }
    },
    run: (concurrency) =>
      runCommand(project, ['/bin/sh', '-c', SIDE_BY_SIDE, 'sh', String(concurrency), ...loop], {
        environment: { ...environment, PROGRAM: program },
      }),
    async check(tasks) {
      const [row] = await db.all<{ done: number }>('SELECT COUNT(*) AS done FROM old_queue WHERE status = 1')
      if (Number(row?.done) !== tasks) throw new Error(`The PHP loop left with ${row?.done} of ${tasks} tasks done.`)
    },
  }
}

function nodeLoop({ project, program, environment, list: stdin }: Place): Way {
  return {
    name: 'Node loop',
    isNode: true,
    run: (concurrency) =>
      runNode(project, [join(import.meta.dirname, 'spawn-loop.ts'), String(concurrency), program], {
        environment,
        stdin,
      }),
  }
}
