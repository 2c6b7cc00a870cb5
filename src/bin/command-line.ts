/**
 * Reading a command line: yargs, strict, its failures as our sentences.
 */
import { readFileSync } from 'node:fs'
import yargs from 'yargs'
import { Complaint, EXIT } from '../exit.ts'

/**
 * A parser that knows nothing yet but `--help` and `--version`; unknown flags are refused.
 *
 * @param usages  of the commands that it has, such as `show <id>`; each has a help of its own
 */
export function commandLine(name: string, args: string[], usages: readonly string[] = []) {
  const usage = usages.find((one) => one.split(' ')[0] === args[0])
  const called = usage === undefined ? name : `${name} ${args[0]}`
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
        `${sentence(message ?? error?.message ?? 'the command line is wrong', `${name} ${usage}`)} See "${called} --help".`,
        { cause: error },
      )
    })
}

/** yargs says `Unknown argument: shards`; ours end in a full stop and name a flag as it is typed. */
function sentence(message: string, usage: string): string {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(', ')
  if (unknown !== undefined) {
    const flags = unknown.map((name) => (name.length === 1 ? `-${name}` : `--${name}`))
    return `${flags.join(', ')} ${flags.length === 1 ? 'is' : 'are'} not known here.`
  }
  if (message.startsWith('Not enough non-option arguments')) return `An argument is missing: ${usage}.`
  const valueless = /^Not enough arguments following: (.*)$/.exec(message)?.[1]
  if (valueless !== undefined) return `--${valueless} needs a value.`
  return /[.?!]$/.test(message) ? message : `${message}.`
}

/** From package.json, two folders up from here in the sources and in the build alike. */
function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
