/**
 * What runs task programs for a slot, one at a time: the small shell that starts a program for each task, or a program that
 * stays and serves many. The runners of a slot share its files; the slot knows them by this alone.
 */

import type { Outcome } from './outcome.ts'

/** One attempt, as a runner needs it. */
export interface Command {
  readonly id: number
  readonly attempt: number
  readonly claimToken: number
  /** The command, without the parameter. */
  readonly words: readonly string[]
  /** Its last argument, and its standard input; without one there is neither. */
  readonly param: string | undefined
  /** Variables for this program alone, as shell assignments. */
  readonly assignments: string
  /** What a program that stays is told instead of all that: a line of JSON. */
  readonly request?: string | undefined
}

/** How a command ended, as its runner tells it. */
export type Ended =
  /** `status` as `$?` has it; CPU of the program and all it waited for. */
  | { readonly kind: 'status'; readonly status: number; readonly cpuMs: number }
  /** A program that stays has answered, or has ended. */
  | { readonly kind: 'outcome'; readonly outcome: Outcome; readonly cpuMs: number }
  /** The runner itself is gone; the program was not seen to its end. */
  | { readonly kind: 'runner-gone' }
  /** The journal could not be written, so nothing was started. */
  | { readonly kind: 'not-started' }

export interface ProgramRunner {
  /** Its session and process group, which its programs are in. */
  readonly pid: number
  /** It has ended: it left, or somebody killed it. */
  readonly isGone: boolean
  /** Runs one command to its end; the runner must be idle. */
  run(command: Command): Promise<Ended>
  /** To the program and all it started that did not leave the session. */
  terminate(): void
  /** To the whole session, the runner included. */
  kill(): void
  /** Lets an idle runner leave. */
  close(): Promise<void>
}
