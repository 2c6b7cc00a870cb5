/**
 * Reading a command line: yargs, strict, its failures as our sentences.
 */
import { readFileSync } from 'node:fs'
import yargs from 'yargs'
import { Complaint, EXIT } from '../exit.ts'
import { nearestName } from '../nearest-name.ts'
import { type Declaration, type DeclaredCommand, nameOfVerb } from './verb.ts'

/** A parser that knows nothing yet but `--help` and `--version`; unknown flags are refused. */
export function commandLine({ name, verbs, unnamed, options }: DeclaredCommand, args: string[]) {
  const verb = verbs.find((one) => nameOfVerb(one) === args[0])
  const called = verb === undefined ? name : `${name} ${args[0]}`
  const flags = Object.keys({ ...options, ...(verb ?? unnamed)?.options, help: '', version: '' })
  return yargs(args)
    .scriptName(name)
    .locale('en')
    .parserConfiguration({
      'duplicate-arguments-array': false,
      'camel-case-expansion': false,
      'parse-positional-numbers': false,
    })
    .strict()
    .recommendCommands()
    .version(packageVersion())
    .help()
    .alias('help', 'h')
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .fail((message: string, error: Error | undefined) => {
      if (error instanceof Complaint) throw error
      throw new Complaint(
        EXIT.usage,
        `${sentence(message ?? error?.message ?? 'the command line is wrong', `${name} ${verb?.usage}`, flags)} See "${called} --help".`,
        { cause: error },
      )
    })
}

/** The same for a command without verbs. */
export function declaredLine(command: DeclaredCommand, args: string[]) {
  const { usage = '$0', describe = '', more, examples = [], exits = [] } = command.unnamed ?? {}
  const line = commandLine(command, args).usage([usage, describe, ...(more === undefined ? [] : [more])].join('\n\n'))
  for (const [command, what] of examples) line.example(command, what)
  line.epilogue(exitLines(exits))
  return line
}

/** What stands at the end of a help; empty where there is nothing of its own to say. */
export function exitLines(exits: NonNullable<Declaration['exits']>): string {
  return exits.map(([exit, what]) => `Exits ${exit}: ${what}.`).join('\n')
}

/** yargs says `Unknown argument: shards`; ours end in a full stop and name a flag as it is typed. */
function sentence(message: string, usage: string, known: readonly string[]): string {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(', ')
  if (unknown !== undefined) {
    const flags = unknown.map(asTyped)
    const meant = unknown.flatMap((name) => nearestName(name, known) ?? []).map(asTyped)
    const hint = meant.length === 0 ? '' : ` Did you mean ${meant.join(', ')}?`
    return `${flags.join(', ')} ${flags.length === 1 ? 'is' : 'are'} not known here.${hint}`
  }
  if (message.startsWith('Not enough non-option arguments')) return `An argument is missing: ${usage}.`
  const valueless = /^Not enough arguments following: (.*)$/.exec(message)?.[1]
  if (valueless !== undefined) return `${asTyped(valueless)} needs a value.`
  return /[.?!]$/.test(message) ? message : `${message}.`
}

function asTyped(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}

/** From package.json, two folders up from here in the sources and in the build alike. */
function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
