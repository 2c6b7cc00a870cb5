/**
 * What a runner is told, as text for a shell: the functions that it knows from its start, and messages of one or several
 * commands.
 *
 *     { QUEUE_x=. QUEUE_c= QUEUE_r= QUEUE_R=$QUEUE_recall QUEUE_b="<offset> <ms> $$"
 *     { export TASK_NAME=… TASK_QUEUE=…          only where they are others than before
 *     _a 17 1 99 && _p 'uid=5' '<program>'
 *     _s 18 1 99 && _p 'uid=6' '<program>'
 *     } 3>&-; _z; }
 *
 * The outer braces make that half of a message, from a worker that was killed while it wrote, is no command. The shell's
 * standard output is the journal, its standard error the slot's output file, 3 leads to us. A program's output is redirected
 * to the error, which puts the journal away where programs do not inherit it; 3 is closed once for all of them.
 *
 * `_a` writes the start of a command and says whether that could be done. `_s` does so only when the runner was not recalled
 * and nothing was written to the output file: so what stands there belongs to the last that was begun. `_e` writes the end of a
 * command, before it is asked whether the runner was recalled: who has recalled it and then finds a start without an end knows
 * that this is still to be asked. So nothing begins behind an end that could not be written. `_z` tries that once more, writes the
 * times, and tells us.
 *
 * A short parameter becomes standard input by a pipe of its own: the here-document makes it, its one line is read away, and the
 * parameter is written into it before the program begins. So it is gone when nobody holds it any more.
 *
 * Names begin with QUEUE_, as no variable does that a program may have.
 */
import { quote } from '../host/quote.ts'
import type { Command } from './program-runner.ts'

/** What a pipe takes without anybody reading. */
export const LONGEST_PIPED_BYTES = 4_096

/** @param installation  what makes TASK_KEY differ from that of another database with the same ids */
export function runnerScript(installation: string, recallPath: string, outPath: string): string {
  return `trap : TERM INT HUP
export TASK_ID TASK_KEY
QUEUE_e= QUEUE_k=${quote(`${installation}-`)} QUEUE_recall=${quote(recallPath)} QUEUE_out=${quote(outPath)}
_a() { if echo "
S $1 $2 $3 $QUEUE_b"; then QUEUE_c="$1 $2 $3" TASK_ID=$1 TASK_KEY=$QUEUE_k$1; else QUEUE_x=- QUEUE_R=/; return 1; fi; }
_s() { [ ! -e "$QUEUE_R" ] && [ ! -s "$QUEUE_out" ] && _a "$@"; }
_e() { QUEUE_r=$1; echo "
E $QUEUE_c $1" || QUEUE_R=/ QUEUE_e="
E $QUEUE_c $1"; }
_p() { QUEUE_v=$1; shift; { read -r QUEUE_n; printf %s "$QUEUE_v" >>/proc/self/fd/0 || exit; "$@" "$QUEUE_v" >&2; } <<'.'

.
_e $?; }
_f() { QUEUE_v=$1 QUEUE_f=$2; shift 2; "$@" "$QUEUE_v" >&2 <"$QUEUE_f"; _e $?; }
_n() { "$@" >&2 </dev/null; _e $?; }
_z() { [ -z "$QUEUE_e" ] || echo "$QUEUE_e"; QUEUE_e=; times; echo "$QUEUE_x $QUEUE_c $QUEUE_r" >&3; }
`
}

/** How the parameter of a command becomes its standard input. */
export type Input = 'none' | 'piped' | { readonly path: string }

export interface MessagePart extends Command {
  readonly input: Input
}

/**
 * @param begin        where the output of the first command begins; with several it is the beginning of the file
 * @param now          UTC milliseconds
 * @param assignments  those that the runner knows from an earlier message
 */
export function messageText(parts: readonly MessagePart[], begin: number, now: number, assignments: string): string {
  let text = `{ QUEUE_x=. QUEUE_c= QUEUE_r= QUEUE_R=$QUEUE_recall QUEUE_b="${begin} ${now} $$"\n{ `
  let known = assignments
  let first = true
  for (const part of parts) {
    if (part.assignments !== known) text += `export ${part.assignments}\n`
    known = part.assignments
    text += `${first ? '_a' : '_s'} ${part.id} ${part.attempt} ${part.claimToken} && ${programText(part)}\n`
    first = false
  }
  return `${text}} 3>&-; _z; }\n`
}

function programText({ words, param, input }: MessagePart): string {
  const command = words.length === 1 ? quote(words[0] as string) : words.map(quote).join(' ')
  if (input === 'piped') return `_p ${quote(param ?? '')} ${command}`
  if (input === 'none') return `_n ${command}${param === undefined ? '' : ` ${quote(param)}`}`
  return `_f ${quote(param ?? '')} ${quote(input.path)} ${command}`
}

/** What `_z` tells. */
export interface Reply {
  /** Every start that was to be written was. */
  readonly isSound: boolean
  /** The id of the last command that was begun, and how it ended as `$?` has it. */
  readonly last: { readonly id: number; readonly status: number } | undefined
}

const REPLY = /^([.-]) (?:(\d+) \d+ \d+ (\d+)| ?)$/

/** @param line  without its end; undefined when it is not whole */
export function readReply(line: string): Reply | undefined {
  const match = REPLY.exec(line)
  if (match === null) return undefined
  const [, mark, id, status] = match
  return { isSound: mark === '.', last: id === undefined ? undefined : { id: Number(id), status: Number(status) } }
}
