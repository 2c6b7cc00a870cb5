/**
 * The shape of a verb of a command: what `--help`, the manual and the shell's completion say of it, and where it is.
 *
 * What a verb does is loaded when it is asked for: the tick, which runs every minute, never pays for the others.
 */
import type { Options } from 'yargs'
import type { Settings } from './settings.ts'

/** A parsed command line. */
export type Flags = Readonly<Record<string, unknown>>

/** What a verb, or a command without verbs, can be told. */
export interface Declaration {
  /** With its positionals: `next <job>`; `$0` stands for the command itself. */
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
  /** Exit codes, and what they mean here; others mean what they mean everywhere. */
  readonly exits?: readonly (readonly [number, string])[]
}

export interface Verb extends Declaration {
  readonly load: () => Promise<VerbModule>
}

/** A command as it is declared: whatever tells about it reads this. */
export interface DeclaredCommand {
  readonly name: string
  /** What it is there for, in a sentence. */
  readonly purpose: string
  readonly verbs: readonly Declaration[]
  /** What it does without a verb; its `usage` begins with `$0`. */
  readonly unnamed?: Declaration
  /** Flags that all of them take. */
  readonly options: Readonly<Record<string, Options>>
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

export function nameOfVerb({ usage }: Declaration): string {
  return usage.split(' ')[0] as string
}
