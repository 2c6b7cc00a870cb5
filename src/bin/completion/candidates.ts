/**
 * What can stand where on a command line, for the completion of shells: made of the declarations that `--help` is made of.
 *
 * Candidates are words that are written down, files, or names that a shell finds by itself in no time: jobs and queues in the
 * plan that the last tick kept, task programs in their directory. No command is started for them, and no database is asked.
 */
import type { Options } from 'yargs'
import { CRASH_POLICIES } from '../../queue/crash-policy.ts'
import { STATUS_NAMES } from '../../queue/status.ts'
import { type Declaration, type DeclaredCommand, nameOfVerb } from '../verb.ts'

/** `nothing`: whatever a person types. */
export type Source = 'jobs' | 'queues' | 'programs' | 'files' | 'directories' | 'nothing' | readonly string[]

export interface CompletedFlag {
  /** `--queue`, `-q` */
  readonly names: readonly string[]
  readonly describe: string
  /** Undefined for a switch. */
  readonly value: Source | undefined
  /** Several values, with commas between them. */
  readonly isList: boolean
}

export interface CompletedVerb {
  /** Empty for what the command does without a verb. */
  readonly name: string
  readonly describe: string
  readonly flags: readonly CompletedFlag[]
  /** What its words can be, one after the other. */
  readonly words: readonly Source[]
}

export interface CompletedCommand {
  readonly name: string
  readonly verbs: readonly CompletedVerb[]
  readonly unnamed: CompletedVerb
}

export const SHELLS = ['bash', 'zsh'] as const

/** What a flag or a positional of this name takes, in every command but where `OF_VERB` says otherwise. */
const BY_NAME: Readonly<Record<string, Source>> = {
  queue: 'queues',
  to: 'queues',
  task: 'programs',
  job: 'jobs',
  file: 'files',
  schedule: 'files',
  directory: 'directories',
  status: STATUS_NAMES,
  crash: CRASH_POLICIES,
  shell: SHELLS,
  for: ['mysql', 'sqlite'],
  'log-format': ['text', 'json'],
}

const OF_VERB: Readonly<Record<string, Source>> = {
  'cron-mission simulate to': 'nothing',
  'cron-mission backfill to': 'nothing',
  'queuectl purge status': ['done', 'failed', 'cancelled'],
}

export function completed({ name, verbs, unnamed, options }: DeclaredCommand): CompletedCommand {
  const bare: Declaration = unnamed ?? { usage: '$0', describe: '' }
  const all = { ...options, help: { type: 'boolean', alias: 'h', describe: 'Show help' } } as const
  return {
    name,
    verbs: verbs.map((verb) => completedVerb(name, nameOfVerb(verb), verb, all)),
    unnamed: completedVerb(name, '', bare, { ...all, version: { type: 'boolean', describe: 'Show version number' } }),
  }
}

/** The names that are known to take something, for a test: each is declared somewhere. */
export function namesWithCandidates(): string[] {
  return [...Object.keys(BY_NAME), ...Object.keys(OF_VERB)]
}

function completedVerb(
  command: string,
  verb: string,
  { describe, options = {}, positionals = {} }: Declaration,
  common: Readonly<Record<string, Options>>,
): CompletedVerb {
  const source = (name: string) => OF_VERB[`${command} ${verb} ${name}`] ?? BY_NAME[name] ?? 'nothing'
  return {
    name: verb,
    describe,
    flags: Object.entries({ ...options, ...common }).map(([name, option]) => completedFlag(name, option, source(name))),
    words: Object.keys(positionals).map(source),
  }
}

function completedFlag(name: string, { type, alias, describe = '' }: Options, source: Source): CompletedFlag {
  const aliases = [alias ?? []].flat()
  return {
    names: [`--${name}`, ...aliases.map((one) => (one.length === 1 ? `-${one}` : `--${one}`))],
    describe,
    value: type === 'boolean' ? undefined : source,
    isList: describe.includes('several with commas'),
  }
}
