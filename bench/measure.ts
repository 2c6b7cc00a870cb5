/**
 * What one command cost: its wall clock, and the CPU of it and of everything it waited for.
 *
 * Node tells the CPU of its own process only. A shell around the command knows that of its children and theirs
 * (`times`), to a hundredth of a second, and costs the same for every side.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

export interface Cost {
  readonly seconds: number
  /** User and system, of the whole tree of processes. */
  readonly cpuSeconds: number
}

export interface Surroundings {
  readonly directory: string
  /** All of it: nothing of our own is handed on. */
  readonly environment: Readonly<Record<string, string>>
  /** A file; default nothing. */
  readonly stdin?: string
}

const MEASURED = '"$@"; code=$?; times >&3; exit $code'
const CHILDREN = /\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s\n/
const CLOCK_TICKS_PER_SECOND = 100

/** @throws an Error with what the command printed when it does not exit 0 */
export function measure(command: readonly string[], { directory, environment, stdin }: Surroundings): Cost {
  const input = openSync(stdin ?? '/dev/null', 'r')
  const startedAt = performance.now()
  const { status, signal, error, output } = spawnSync('/bin/sh', ['-c', MEASURED, 'sh', ...command], {
    cwd: directory,
    env: { ...environment },
    stdio: [input, 'pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  const seconds = (performance.now() - startedAt) / 1_000
  closeSync(input)
  const [, printed = '', complained = '', times = ''] = (output ?? []).map((text) => text ?? '')
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${signal ?? status}.\n${printed}${complained}`)
  const [, userMinutes = 0, userSeconds = 0, systemMinutes = 0, systemSeconds = 0] = (CHILDREN.exec(times) ?? []).map(
    Number,
  )
  return { seconds, cpuSeconds: (userMinutes + systemMinutes) * 60 + userSeconds + systemSeconds }
}

/** CPU seconds, user and system, that a process has used since it began. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name before the last `)` may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND
}
