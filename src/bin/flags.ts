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

/** A time, or how long ago. @returns UTC milliseconds */
export function timeFlag(flag: string, text: string | undefined, zone: string, now: number): number | undefined {
  if (text === undefined) return undefined
  const ago = /[a-z]$/i.test(text) && !text.endsWith('Z') ? parseDuration(text) : undefined
  const at = ago === undefined ? parseTime(text, zone) : now - ago
  if (at === undefined)
    throw new Complaint(
      EXIT.usage,
      `--${flag} is "${text}". Use a time such as 2026-11-20, "2026-11-20 18:04", 2026-11-20T18:04:05Z, or how long ago: 2h.`,
    )
  return at
}

/** yargs says `Unknown argument: shards`; ours end in a full stop and name a flag as it is typed. */
function sentence(message: string): string {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)
  if (unknown !== null) return `${unknown[1]} is not known here.`
  return /[.?!]$/.test(message) ? message : `${message}.`
}

/** From package.json, two folders up from here in the sources and in the build alike. */
function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
