/**
 * The shape of a command of `cron-mission`: what `--help` says of it, and where it is.
 *
 * What a verb does is loaded when it is asked for: the tick, which runs every minute, never pays for the others.
 */
import type { Options } from 'yargs'
import type { Settings } from '../../settings.ts'

/** A parsed command line. */
export type Flags = Readonly<Record<string, unknown>>

export interface Verb {
  /** With its positionals: `next <job>`. */
  readonly usage: string
  readonly describe: string
  readonly positionals?: Readonly<Record<string, { readonly type: 'string'; readonly describe: string }>>
  readonly options?: Readonly<Record<string, Options>>
  /** What is said of one word too many. */
  readonly surplus?: string
  /** A command line, and what it is for. */
  readonly examples?: readonly (readonly [string, string])[]
  readonly load: () => Promise<VerbModule>
}

export interface VerbModule {
  /**
   * @param minute  UTC milliseconds of the minute in which the command began
   * @returns the exit code
   */
  run(flags: never, settings: Settings, minute: number): Promise<number>
}

/** A flag that takes a value. */
export const TEXT = { type: 'string', requiresArg: true } as const
export const SWITCH = { type: 'boolean' } as const
