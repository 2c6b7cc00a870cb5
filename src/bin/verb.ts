/**
 * The shape of a verb of a command: what `--help`, the manual and the shell's completion say of it, and where it is.
 *
 * What a verb does is loaded when it is asked for: the tick, which runs every minute, never pays for the others.
 */
import type { Options } from 'yargs'
import type { Settings } from './settings.ts'

/** A parsed command line. */
export type Flags = Readonly<Record<string, unknown>>

export interface Verb {
  /** With its positionals: `next <job>`. */
  readonly usage: string
  readonly describe: string
  /** What `--help` of the verb says besides: whole sentences. */
  readonly more?: string
  readonly positionals?: Readonly<Record<string, { readonly type: 'string'; readonly describe: string }>>
  /** It takes any number of words, which stand in `_` behind the verb: ids, or the name of a queue. */
  readonly words?: true
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

export function nameOfVerb({ usage }: Verb): string {
  return usage.split(' ')[0] as string
}
