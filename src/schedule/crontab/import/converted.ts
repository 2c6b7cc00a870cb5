/**
 * Crontabs as jobs: line by line, with what stood above each line, and what could not be taken over.
 *
 * Same behaviour first: what a line did it goes on doing, also where cron-mission would do it better. Nothing is guessed and
 * nothing is dropped in silence: a line that is no job stands in the result as a comment, with the reason.
 */
import { isZone } from '../../../time/zone.ts'
import { type CrontabJob, type CrontabLine, variablesAbove } from '../crontab-text.ts'
import { tickLines } from '../tick-line.ts'
import { DEFAULT_SHELL, execWords } from './command-words.ts'
import { cronWord } from './cron-words.ts'
import { jobId } from './job-id.ts'
import { isForPrograms, variableRemarks, whyNotCarried } from './variables.ts'

export interface CrontabFile {
  /** As it is told: `crontab.txt`, or `standard input`. */
  readonly name: string
  readonly lines: readonly CrontabLine[]
}

export interface ConvertedJob {
  readonly id: string
  /** What stands above it; an empty one is a blank line. */
  readonly comments: readonly string[]
  /** The function that `schedule.ts` imports, and how it is called. */
  readonly word: string
  readonly call: string
  readonly cron: string
  readonly exec: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The schedule's, when it is undefined. */
  readonly timezone: string | undefined
}

/** A line that is no job, and what a person has to know or do. */
export interface LineNote {
  /** `crontab.txt:12` */
  readonly place: string
  readonly why: string
  /** It was to be run, and is not in the schedule. */
  readonly isLost: boolean
}

export interface Converted {
  readonly jobs: readonly ConvertedJob[]
  /** What stands below the last of them. */
  readonly tail: readonly string[]
  readonly notes: readonly LineNote[]
}

type Judged =
  | { readonly job: ConvertedJob }
  | { readonly why: string; readonly isLost: boolean; readonly text?: string }

const COMMENT = /^[ \t]*#/
const NO_LINE = 'It is no line of a crontab: five fields or a nickname such as @daily, then a command. Mend it.'
const OWN_LINE = 'It runs cron-mission itself. Leave it in the crontab.'

/** @param user  whose lines are taken, where the lines name users */
export function convertCrontabs(files: readonly CrontabFile[], user: string | undefined): Converted {
  const ids = new Set<string>()
  const said = new Set<string>()
  const jobs: ConvertedJob[] = []
  const notes: LineNote[] = []
  let above: string[] = []
  for (const file of files) {
    const own = new Set(tickLines(file.lines, '/').map(({ line }) => line))
    if (files.length > 1) above.push('', `From ${file.name}`, '')
    for (const [i, line] of file.lines.entries()) {
      if (line.text.trim() === '') {
        above.push('')
      } else if (COMMENT.test(line.text)) {
        above.push(line.text.replace(COMMENT, '').replace(/^ /, ''))
      } else if (line.entry?.kind === 'variable' && whyNotCarried(line.entry) === undefined) {
        for (const remark of variableRemarks(line.entry)) if (!said.has(remark)) above.push(remark)
        for (const remark of variableRemarks(line.entry)) said.add(remark)
      } else {
        const judged = judge(file, line, { isOwn: own.has(line), user, above, ids })
        if ('job' in judged) {
          jobs.push(judged.job)
          above = []
        } else {
          above.push(`Left out: ${judged.why}`, judged.text ?? line.text)
          notes.push({ place: `${file.name}:${i + 1}`, why: judged.why, isLost: judged.isLost })
        }
      }
    }
  }
  return { jobs, tail: above, notes }
}

interface Surroundings {
  readonly isOwn: boolean
  readonly user: string | undefined
  readonly above: readonly string[]
  readonly ids: Set<string>
}

function judge(file: CrontabFile, line: CrontabLine, { isOwn, user, above, ids }: Surroundings): Judged {
  const { entry, text, bytes } = line
  if (!Buffer.from(text).equals(bytes) || text.includes('\0')) {
    return lost('It holds bytes that are no UTF-8, or a NUL. Write them otherwise, or put the command into a file.')
  }
  if (entry?.kind === 'variable') return { ...lost(whyNotCarried(entry) ?? ''), text: `${entry.name}=…` }
  if (entry === undefined) return lost(NO_LINE)
  if (isOwn) return { why: OWN_LINE, isLost: false }
  if (entry.user !== undefined && user !== undefined && entry.user !== user) {
    return { why: `It is a line of ${entry.user}.`, isLost: false }
  }
  const variables = variablesAbove(file.lines, line)
  const timezone = variables.get('CRON_TZ') || undefined
  if (timezone !== undefined && !isZone(timezone)) {
    return lost(`CRON_TZ above it is "${timezone}", which is no time zone. Use one such as Europe/Berlin.`)
  }
  const due = cronWord(entry.when, entry.uncut)
  if (due.kind === 'none') return lost(due.why)
  const { name: word, call, cron, remark } = due
  const comments = [...above, ...(remark === undefined ? [] : [remark]), ...commandRemarks(entry)]
  const exec = execWords(entry, variables.get('SHELL') || DEFAULT_SHELL)
  const env = Object.fromEntries([...variables].filter(([name]) => isForPrograms(name)))
  return { job: { id: jobId(entry.command, ids), comments, word, call, cron, exec, env, timezone } }
}

/** The users whose lines would be jobs. */
export function usersOf(files: readonly CrontabFile[]): string[] {
  const users = files.flatMap(({ lines }) => {
    const own = new Set(tickLines(lines, '/').map(({ line }) => line))
    return lines.flatMap((line) => (line.entry?.kind === 'job' && !own.has(line) ? [line.entry.user ?? ''] : []))
  })
  return [...new Set(users)].filter((user) => user !== '')
}

function commandRemarks({ command, input, uncut }: CrontabJob): string[] {
  return [
    ...(input === undefined
      ? []
      : ['The first % of the line ends the command, and what stands behind it is its input; \\% is a percent sign.']),
    ...(/\bflock\b.*\s(?:-\w*n|--nonblock|--nb)\b/.test(command)
      ? ["flock -n leaves a run out while another one is at work; overlap: 'skip' does that here, also without flock."]
      : []),
    ...(command.endsWith('\r') ? ['The line ends in a carriage return, which the command gets, as under cron.'] : []),
    ...(uncut.includes('\\\\') ? ["Of two backslashes Debian's cron makes one, as here; cronie hands on both."] : []),
  ]
}

function lost(why: string): { readonly why: string; readonly isLost: true } {
  return { why, isLost: true }
}
