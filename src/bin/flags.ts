/**
 * Reading a command line: yargs, strict, its failures as our sentences.
 */
import { readFileSync } from 'node:fs'
import yargs from 'yargs'
import { Complaint, EXIT } from '../exit.ts'
import { parseDuration } from '../time/duration.ts'
import { parseTime } from '../time/zone.ts'

/** A parser that knows nothing yet but `--help` and `--version`; unknown flags are refused. */
export function commandLine(name: string, args: string[]) {
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
        `${sentence(message ?? error?.message ?? 'the command line is wrong')} See "${name} --help".`,
        { cause: error },
      )
    })
}

/** Flags that every command takes. */
export const COMMON_FLAGS = {
  directory: { type: 'string', requiresArg: true, describe: 'Project directory [default: the current one]' },
  url: { type: 'string', requiresArg: true, describe: 'Database [default: QUEUE_URL, else sqlite:queue.db]' },
} as const

/** @throws Complaint (usage) when a flag that was given is no whole number within the bounds */
export function wholeNumber(flag: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined
  const number = /^-?\d{1,16}$/.test(text.trim()) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(number) || number < least || number > most) {
    throw new Complaint(
      EXIT.usage,
      `--${flag} is ${text === '' ? 'empty' : text}. Use a whole number from ${least} to ${most}.`,
    )
  }
  return number
}

/** @returns milliseconds */
export function durationFlag(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms === undefined)
    throw new Complaint(EXIT.usage, `--${flag} is "${text}". Use a duration such as 90s, 15m or 1h30m.`)
  return ms
}

const TIME_EXAMPLES = 'a time such as 2026-11-20, "2026-11-20 18:04" or 2026-11-20T18:04:05Z'

/** @returns UTC milliseconds; a time without an offset is of the wall clock of `zone` */
export function timeFlag(flag: string, text: string | undefined, zone: string): number | undefined {
  if (text === undefined) return undefined
  const at = parseTime(text, zone)
  if (at === undefined) throw new Complaint(EXIT.usage, `--${flag} is "${text}". Use ${TIME_EXAMPLES}.`)
  return at
}

/** A time that is over, or how long ago it was. @returns UTC milliseconds */
export function pastTimeFlag(flag: string, text: string | undefined, zone: string, now: number): number | undefined {
  if (text === undefined) return undefined
  const ago = /[a-z]$/.test(text) ? parseDuration(text) : undefined
  const at = ago === undefined ? parseTime(text, zone) : now - ago
  if (at === undefined)
    throw new Complaint(EXIT.usage, `--${flag} is "${text}". Use ${TIME_EXAMPLES}, or how long ago: 2h.`)
  return at
}

/** yargs says `Unknown argument: shards`; ours end in a full stop and name a flag as it is typed. */
function sentence(message: string): string {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(', ')
  if (unknown !== undefined) {
    const flags = unknown.map((name) => (name.length === 1 ? `-${name}` : `--${name}`))
    return `${flags.join(', ')} ${flags.length === 1 ? 'is' : 'are'} not known here.`
  }
  return /[.?!]$/.test(message) ? message : `${message}.`
}

/** From package.json, two folders up from here in the sources and in the build alike. */
function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
