/**
 * The crontab: one line for the project, which says what it means.
 */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { type Finding, note, problem } from '../../doctor/finding.ts'
import { type CrontabLine, variablesAbove } from '../crontab/crontab-text.ts'
import type { TickLine } from '../crontab/tick-line.ts'

/** A line, with where it was found. */
export interface FoundLine extends TickLine {
  /** `the crontab of shop`, `/etc/cron.d/shop` */
  readonly place: string
  /** Variables of the crontab hold for the lines below them. */
  readonly variables: ReadonlyMap<string, string>
}

const CHECK = 'crontab'
/** They read `PATH=… command` and `&&` as sh does; a csh does not. */
const SHELLS = ['sh', 'bash', 'dash', 'ash', 'ksh', 'zsh', 'busybox']

export function foundLine(line: TickLine, lines: readonly CrontabLine[], place: string): FoundLine {
  return { ...line, place, variables: variablesAbove(lines, line.line) }
}

/** What starts the ticks of a project. */
export interface Starters {
  readonly directory: string
  /** The lines of this project. */
  readonly lines: readonly FoundLine[]
  /** A systemd timer, a daemon. */
  readonly others: readonly string[]
  /** A tick has been there a moment ago, whoever started it. */
  readonly hasTicked: boolean
}

export function crontabFindings({ directory, lines: here, others, hasTicked }: Starters): Finding[] {
  const findings = here.flatMap(lineFindings)
  if (here.length + others.length === 0) {
    const none = `No line of a crontab runs the ticks of ${directory}`
    findings.push(
      hasTicked
        ? note(CHECK, `${none}, but something does: the last one was there a moment ago.`)
        : problem(CHECK, `${none}. Run "cron-mission install".`),
    )
  }
  if (here.length + others.length > 1) {
    const all = [...here.map(({ place }) => place), ...others].join(', ')
    findings.push(
      note(
        CHECK,
        `The ticks of ${directory} are started ${here.length + others.length} times: ${all}. Nothing starts twice, but one of them is enough.`,
      ),
    )
  }
  return findings
}

/** Lines of projects that were moved, or removed. */
export function staleFindings(lines: readonly FoundLine[]): Finding[] {
  return lines
    .filter(({ directory }) => !existsSync(directory))
    .map(({ directory, place }) =>
      note(CHECK, `A line in ${place} is for ${directory}, which is not there. Take it out with "crontab -e".`),
    )
}

function lineFindings({ line, place, program, variables }: FoundLine): Finding[] {
  const { entry } = line
  if (entry?.kind !== 'job') return []
  const findings: Finding[] = []
  if (entry.command !== entry.uncut) {
    findings.push(
      problem(CHECK, `A % ends the command of the line in ${place}, and what follows is its input: write \\% instead.`),
    )
  }
  if (
    entry.when
      .replace(/\*\/1\b/g, '*')
      .split(/\s+/)
      .some((field) => field !== '*')
  ) {
    findings.push(
      problem(
        CHECK,
        `The line in ${place} runs at "${entry.when}", and ticks are made for every minute: write * * * * *.`,
      ),
    )
  }
  if (program.startsWith('/') && !existsSync(program)) {
    findings.push(
      problem(CHECK, `The line in ${place} calls ${program}, which is not there. Run "cron-mission install" again.`),
    )
  }
  const shell = variables.get('SHELL') ?? '/bin/sh'
  if (!SHELLS.includes(basename(shell))) {
    findings.push(note(CHECK, `The crontab has SHELL=${shell}; the line in ${place} is written for /bin/sh.`))
  }
  return findings
}
