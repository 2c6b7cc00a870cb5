/**
 * What the audit of a soak goes by: what the programs signed, what the killer did, what the table and the logs say.
 *
 * Times are milliseconds since boot, which programs, killer and kernel share, in steps of 10.
 */
import { readFileSync } from 'node:fs'
import type { StatusName } from '../../src/queue/status.ts'

export interface Evidence {
  readonly tasks: readonly Task[]
  /** In the order in which they were booked. */
  readonly attempts: readonly Attempt[]
  /** In the order in which they were written. */
  readonly signatures: readonly Signature[]
  readonly deeds: readonly Deed[]
  /** Ids that an INSERT was answered with. */
  readonly acknowledged: readonly number[]
  /** How many lines the logs have of each task's attempts, by id. */
  readonly logged: ReadonlyMap<number, number>
  /** Lines of logs and standard error that nothing explains. */
  readonly surfaced: readonly string[]
  /** Processes, files and rows that are still there. */
  readonly left: readonly string[]
}

export interface Task {
  readonly id: number
  readonly status: StatusName
  readonly key: string | null
  /** Attempts that count, at most. */
  readonly maxAttempts: number
  /** Whether what the row says of its output is there, byte for byte; for tasks that are done. */
  readonly outputIsExact: boolean
}

export interface Attempt {
  readonly taskId: number
  readonly outcome: string
  readonly exitCode: number | null
}

/** One line of the file that programs sign. */
export interface Signature {
  readonly id: number
  readonly kind: 'start' | 'end'
  readonly pid: number
  readonly atMs: number
  /** The shell that started it. */
  readonly runner: number
  /** At an end: the exit code or the signal it is about to end with. */
  readonly ending: string
}

/** What the killer did. `pid` is whom it did it to. */
export interface Deed {
  readonly kind: DeedKind
  readonly atMs: number
  readonly pid?: number
  readonly taskId?: number
}

export type DeedKind =
  | 'worker killed'
  | 'worker asked to leave'
  | 'worker told to stop'
  | 'worker held up'
  | 'runner killed'
  | 'program killed'
  | 'tick killed'
  | 'database killed'
  | 'task cancelled'

/** Milliseconds since boot, as the programs take them. */
export function sinceBoot(): number {
  const [uptime = '0'] = readFileSync('/proc/uptime', 'latin1').split(' ')
  return Math.round(Number(uptime) * 1_000)
}

/** @throws an Error for a line that no program writes */
export function parseSignature(line: string): Signature {
  const [id, , kind, pid, atMs, runner, ending] = line.split(' ')
  const numbers = [id, pid, atMs, runner].map(Number)
  if ((kind !== 'start' && kind !== 'end') || ending === undefined || !numbers.every(Number.isSafeInteger))
    throw new Error(`"${line}" is no signature.`)
  return { id: Number(id), kind, pid: Number(pid), atMs: Number(atMs), runner: Number(runner), ending }
}
