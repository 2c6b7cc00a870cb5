/**
 * A crontab, line by line, as crontab(5) reads it.
 *
 * What is not ours must come out of a change byte for byte as it went in, whatever encoding it has. So a line keeps its
 * bytes, and its text is only for looking at.
 */

export interface CrontabLine {
  /** Without the newline. */
  readonly bytes: Buffer
  readonly text: string
  /** Undefined for a comment, a blank line, and what cron would not understand. */
  readonly entry: CrontabVariable | CrontabJob | undefined
}

/** Holds for the lines below it. */
export interface CrontabVariable {
  readonly kind: 'variable'
  readonly name: string
  readonly value: string
}

export interface CrontabJob {
  readonly kind: 'job'
  /** Five fields, or a nickname such as `@daily`. */
  readonly when: string
  /** In the crontabs of the system, which name one in each line. */
  readonly user: string | undefined
  /** What the shell is given. */
  readonly command: string
  /** What that is given as its standard input: the lines behind a `%`, each with its newline. Undefined where there is none. */
  readonly input: string | undefined
  /** With what a `%` without a backslash cut off, which the command gets as its input. */
  readonly uncut: string
}

const NEWLINE = 0x0a
const VARIABLE = /^[ \t]*(?:"([^"]*)"|'([^']*)'|([^\s="'#]+))[ \t]*=[ \t]*(.*?)[ \t]*$/s
const JOB = /^[ \t]*(@\w+|(?:[^\s#]\S*[ \t]+)(?:\S+[ \t]+){3}\S+)[ \t]+(.+)$/s
const USER = /^(\S+)[ \t]+(.+)$/s

/** @param namesUsers  as `/etc/crontab` does, behind the times */
export function readCrontab(bytes: Buffer, namesUsers = false): CrontabLine[] {
  const lines: CrontabLine[] = []
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start)
    const end = newline === -1 ? bytes.length : newline
    const line = bytes.subarray(start, end)
    const text = line.toString('utf8')
    lines.push({ bytes: line, text, entry: readEntry(text, namesUsers) })
    start = end + 1
  }
  return lines
}

/** The bytes of a crontab; cron refuses one whose last line has no newline. */
export function writeCrontab(lines: readonly Pick<CrontabLine, 'bytes'>[]): Buffer {
  return Buffer.concat(lines.flatMap(({ bytes }) => [bytes, Buffer.of(NEWLINE)]))
}

/** The variables that hold for a line; a later assignment replaces an earlier one. */
export function variablesAbove(lines: readonly CrontabLine[], line: CrontabLine): Map<string, string> {
  const above = lines.slice(0, lines.indexOf(line))
  return new Map(above.flatMap(({ entry }) => (entry?.kind === 'variable' ? [[entry.name, entry.value]] : [])))
}

/** A command as it is written in a crontab, where a bare `%` would end it. */
export function escapeForCrontab(command: string): string {
  return command.replaceAll('%', '\\%')
}

function readEntry(text: string, namesUsers: boolean): CrontabLine['entry'] {
  const [, doubleQuoted, singleQuoted, bare, value = ''] = VARIABLE.exec(text) ?? []
  const name = doubleQuoted ?? singleQuoted ?? bare
  if (name !== undefined) return { kind: 'variable', name, value: value.replace(/^(["'])(.*)\1$/s, '$2') }
  const [, when, rest] = JOB.exec(text) ?? []
  if (when === undefined || rest === undefined) return undefined
  const [, user, command] = namesUsers ? (USER.exec(rest) ?? []) : [rest, undefined, rest]
  return command === undefined ? undefined : { kind: 'job', when, user, ...readCommand(command) }
}

/** As Debian's cron takes it apart: up to the first `%`, `\\` is a backslash; behind it only `\%` means something. */
function readCommand(text: string): Pick<CrontabJob, 'command' | 'input' | 'uncut'> {
  const [whole] = /^(?:[^%\\]|\\.)*\\?/s.exec(text) as RegExpExecArray
  const lines = whole.length < text.length ? text.slice(whole.length + 1) : undefined
  return {
    command: whole.replaceAll(/\\([%\\])/g, '$1'),
    input: lines?.replaceAll(/\\%|%/g, (sign) => (sign === '%' ? '\n' : '%')).replace(/[^\n]$/, '$&\n'),
    uncut: text.replaceAll('\\%', '%'),
  }
}
