/**
 * What a crontab line runs, as the words of `exec`.
 *
 * A command without anything for a shell is its words. Every other goes to the shell that cron would have given it to, as it
 * is; what stands behind a `%` becomes its standard input by a pipe, as cron has it.
 */
import type { CrontabJob } from '../crontab-text.ts'

export const DEFAULT_SHELL = '/bin/sh'

/** Shells that take a plain word for what it is. */
const PLAIN_SHELL = /(?:^|\/)(?:sh|bash|dash|ash|ksh|mksh|zsh)$/
const WORD = /(?:[\w@%+=:,./-]|'[^']*'|"[^"$`\\!]*")+/
const PLAIN = new RegExp(`^[ \\t]*${WORD.source}(?:[ \\t]+${WORD.source})*[ \\t]*$`)
const QUOTED_PART = /'([^']*)'|"([^"]*)"/g
const ASSIGNMENT = /^\w+=/

/** What a shell does itself, or reads otherwise than as a name of a program. */
const BUILT_IN = new Set(
  `. : [ alias bg break builtin caller case cd command continue coproc declare dirs disown do done echo elif else enable esac
  eval exec exit export false fc fg fi for function getopts hash help history if in jobs kill let local logout mapfile popd printf
  pushd pwd read readarray readonly return select set shift shopt source suspend test then time times trap true type typeset
  ulimit umask unalias unset until wait while`.split(/\s+/),
)

/** @param shell  what the variable SHELL says above the line */
export function execWords({ command, input }: Pick<CrontabJob, 'command' | 'input'>, shell = DEFAULT_SHELL): string[] {
  if (input !== undefined && input !== '') {
    return [DEFAULT_SHELL, '-c', 'printf %s "$1" | exec "$0" -c "$2"', shell, input, command]
  }
  return plainWords(command, shell) ?? [shell, '-c', command]
}

function plainWords(command: string, shell: string): string[] | undefined {
  if (!PLAIN_SHELL.test(shell) || !PLAIN.test(command)) return undefined
  const words = command.match(new RegExp(WORD, 'g')) ?? []
  const [first = ''] = words
  if (ASSIGNMENT.test(first) || words.some((word) => word.startsWith('=')) || /["']/.test(first) || BUILT_IN.has(first))
    return undefined
  return words.map((word) => word.replaceAll(QUOTED_PART, '$1$2'))
}
