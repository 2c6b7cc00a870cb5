/**
 * How a command ends: its exit codes, and the one error class that carries one.
 *
 * The codes are those of sysexits(3), so a shell script or cron can act on them. Whoever finds
 * something an operator must know throws a `Complaint`: one sentence that says what was given and what
 * to do. The command prints that sentence and leaves with the code; a stack is shown only with `DEBUG` set.
 */

export const EXIT = {
  ok: 0,
  taskFailed: 1,
  usage: 64,
  badData: 65,
  unavailable: 69,
  internal: 70,
  busy: 75,
  badConfig: 78,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** On every complaint: the build has this file in several bundles, each with a class of its own. */
const MARK = Symbol.for('cron-mission complaint')

export class Complaint extends Error {
  readonly exitCode: ExitCode
  readonly [MARK] = true

  static override [Symbol.hasInstance](value: unknown): value is Complaint {
    return typeof value === 'object' && value !== null && MARK in value
  }

  /** @param sentence  what was wrong, then what to do about it; printed as it is */
  constructor(exitCode: ExitCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'Complaint'
    this.exitCode = exitCode
  }
}
