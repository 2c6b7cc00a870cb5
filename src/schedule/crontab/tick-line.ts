/**
 * The line of a crontab that runs a project's ticks: making it, and recognising one.
 *
 *     * * * * * cd '/srv/shop' && PATH='/srv/shop/node_modules/.bin':"$PATH" '/srv/shop/node_modules/.bin/cron-mission' # cron-mission: /srv/shop
 *
 * The comment at its end is the mark by which a line that we wrote is found again. A line that a person wrote is recognised
 * by what it calls, and where.
 */
import { basename, dirname, resolve } from 'node:path'
import { Complaint, EXIT } from '../../exit.ts'
import { quote } from '../../host/quote.ts'
import { type CrontabLine, escapeForCrontab } from './crontab-text.ts'
import { type ShellWord, shellWords } from './shell-words.ts'

/** What a tick needs to know before it can read anything. */
export interface TickCall {
  /** The project's directory; absolute. */
  readonly directory: string
  /** Where the right `node` is. */
  readonly nodeDirectory: string
  /** The command `cron-mission`; absolute. */
  readonly command: string
  /** A schedule that is not in the place where it is looked for. */
  readonly schedule?: string | undefined
}

/** A line that runs ticks. */
export interface TickLine {
  readonly line: CrontabLine
  /** Undefined in a crontab whose lines name no user. */
  readonly user: string | undefined
  readonly directory: string
  /** The word that calls us. */
  readonly program: string
  /** It bears the mark of `cron-mission install`. */
  readonly isOurs: boolean
}

const MARK = '# cron-mission: '
/** A line break ends a line of a crontab whatever stands around it, and not every cron takes backslashes the same way. */
const NOT_IN_A_CRONTAB = /[\\\p{Cc}]/u
const COMMANDS = ['cron-mission', 'cron-mission.js', 'cron-mission.ts']

/** @throws Complaint when a path cannot stand in a crontab */
export function tickLineText({ directory, nodeDirectory, command, schedule }: TickCall): string {
  for (const path of [directory, nodeDirectory, command, schedule ?? '']) {
    if (!NOT_IN_A_CRONTAB.test(path)) continue
    throw new Complaint(
      EXIT.badConfig,
      `${JSON.stringify(path)} holds a backslash or a control character, which a crontab cannot. Make a symbolic link with a plain name, and name that with --directory.`,
    )
  }
  const option = schedule === undefined ? '' : ` --schedule ${quote(schedule)}`
  const path = searchedFirst({ nodeDirectory, command }).map(quote).join(':')
  const call = `cd ${quote(directory)} && PATH=${path}:"$PATH" ${quote(command)}${option}`
  return `* * * * * ${escapeForCrontab(`${call} ${MARK}${directory}`)}`
}

/** The right Node, and our commands, which stand beside `cron-mission`: a job's own command may be one of them. */
export function searchedFirst({ nodeDirectory, command }: Pick<TickCall, 'nodeDirectory' | 'command'>): string[] {
  const beside = basename(command) === 'cron-mission' ? [dirname(command)] : []
  return [...new Set([nodeDirectory, ...beside])]
}

/** @param home  where cron begins */
export function tickLines(lines: readonly CrontabLine[], home: string): TickLine[] {
  return lines.flatMap((line) => {
    const { entry } = line
    if (entry?.kind !== 'job') return []
    const called = tickCall(entry.uncut, home)
    const marked = markedDirectory(entry.uncut)
    if (called === undefined && marked === undefined) return []
    const directory = marked ?? called?.directory ?? home
    return [{ line, user: entry.user, directory, program: called?.program ?? '', isOurs: marked !== undefined }]
  })
}

function markedDirectory(command: string): string | undefined {
  const at = command.lastIndexOf(` ${MARK}`)
  return at === -1 ? undefined : command.slice(at + 1 + MARK.length)
}

/** Where a command runs a tick; undefined when it does not, or runs another verb. */
function tickCall(command: string, home: string): { directory: string; program: string } | undefined {
  let directory = home
  for (const words of simpleCommands(shellWords(command, { HOME: home }))) {
    const [first, target] = words
    if (first === 'cd') directory = resolve(home, directory, target ?? home)
    const at = words.findIndex((word) => COMMANDS.includes(basename(word)))
    const program = words[at]
    if (program === undefined) continue
    const flags = words.slice(at + 1)
    if (/^[a-z]/.test(flags[0] ?? '')) continue
    return { directory: resolve(directory, flagValue(flags, '--directory') ?? '.'), program }
  }
  return undefined
}

function simpleCommands(words: readonly ShellWord[]): string[][] {
  const commands: string[][] = [[]]
  for (const { kind, text } of words) {
    if (kind === 'operator') commands.push([])
    else commands.at(-1)?.push(text)
  }
  return commands
}

function flagValue(flags: readonly string[], name: string): string | undefined {
  const at = flags.indexOf(name)
  return at === -1 ? flags.find((flag) => flag.startsWith(`${name}=`))?.slice(name.length + 1) : flags[at + 1]
}
