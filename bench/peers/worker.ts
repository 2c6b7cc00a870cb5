/**
 * The processes that work a queue while it is measured, and what they cost.
 *
 * Each runs under a small shell that outlives it by a moment and tells the CPU of it and of all it waited for. They are kept, so
 * that none of them outlives the bench.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Keeper, Kept } from '../../test/helpers/keeper.ts'

export interface Command {
  readonly command: readonly string[]
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
}

export interface Workers {
  readonly pids: readonly number[]
  /** True when all have ended by themselves. */
  readonly hasEnded: () => boolean
  /** Their output, the end of it. */
  readonly lastWords: () => string
  /** TERM, and in vain KILL. @returns CPU seconds of all of them and of what they started */
  stop(): Promise<number>
}

// A signal to the group reaches the worker; the shell outlives it.
const TIMED = `trap : TERM INT; "$@"; times > "$TIMES_FILE"`
const CHILDREN = /\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s\n/
const STOP_LIMIT_MS = 15_000

let started = 0

export function startWorkers(keeper: Keeper, commands: readonly Command[]): Workers {
  const workers = commands.map((command) => startWorker(keeper, command))
  return {
    pids: workers.map(({ kept }) => kept.pid),
    hasEnded: () => workers.every(({ kept }) => kept.child.exitCode !== null || kept.child.signalCode !== null),
    lastWords: () => workers.map(({ output }) => tail(output)).join('\n'),
    async stop() {
      signalAll(workers, 'SIGTERM')
      const tooLate = setTimeout(() => signalAll(workers, 'SIGKILL'), STOP_LIMIT_MS)
      await Promise.all(workers.map(({ kept }) => kept.exited))
      clearTimeout(tooLate)
      return workers.reduce((sum, { times }) => sum + cpuSecondsIn(times), 0)
    },
  }
}

interface Started {
  readonly kept: Kept
  readonly output: string
  readonly times: string
}

function startWorker(keeper: Keeper, { command, directory, environment }: Command): Started {
  started += 1
  const output = join(directory, `worker-${started}.out`)
  const times = join(directory, `worker-${started}.times`)
  const env = { ...environment, TIMES_FILE: times }
  const kept = keeper.start('/bin/sh', ['-c', TIMED, 'sh', ...command], { output, cwd: directory, env })
  return { kept, output, times }
}

function signalAll(workers: readonly Started[], name: NodeJS.Signals): void {
  for (const { kept } of workers) {
    try {
      process.kill(-kept.pid, name)
    } catch {
      // it has ended by itself
    }
  }
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n')
}

/** Nothing where it was killed. */
function cpuSecondsIn(file: string): number {
  const [, ...times] = CHILDREN.exec(textOf(file)) ?? []
  const [userMinutes = 0, userSeconds = 0, systemMinutes = 0, systemSeconds = 0] = times.map(Number)
  return (userMinutes + systemMinutes) * 60 + userSeconds + systemSeconds
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
