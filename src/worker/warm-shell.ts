/**
 * What the shell of a warm program is told: one script when it is started, then one line for each task.
 *
 * It starts the program once, with a pipe of its own to each of the program's standard input and output, and stays between it
 * and the worker for the sake of what a cold runner does: the start of a task stands in the journal before the program hears of
 * it, the end does before the worker hears of that, and when the worker is gone the task is seen to its end all the same.
 *
 * Descriptor 3 is the journal, 4 leads to the worker, 5 to the program's input, 6 comes from its output, and 9 is the slot's
 * output file, which is the program's standard error. What the shell itself has to say of broken pipes goes nowhere. It holds
 * neither the reading end of 5 nor the writing end of 6: a program that has ended is noticed by that.
 */
import { quote } from '../host/quote.ts'
import { startRecord } from './journal.ts'
import type { Command } from './program-runner.ts'

/** In characters: a longer answer is refused, whatever it says. The row takes no more than a part of it. */
export const LONGEST_ANSWER = 8_192

export interface WarmShell {
  /** Where its two pipes are made; they have no name any more as soon as the program is started. */
  readonly pipes: string
  readonly words: readonly string[]
  /** The program's own variables, as shell assignments. */
  readonly assignments: string
  /** How long an idle program may take to leave. */
  readonly graceMs: number
}

/**
 * `start` opens each pipe for both directions first, because a pipe that is opened for one waits for somebody at the other end.
 * `task` reads until a line has something on it. A signal interrupts `read` and `wait` as if they were through, and `t` tells
 * these apart. `leave` is how the shell ends, whatever ends it: the program finds the end of its input, and after the grace
 * period, or when it has left, nothing of the session is left.
 */
export function warmScript({ pipes, words, assignments, graceMs }: WarmShell): string {
  return `trap 'QUEUE_t=1' TERM INT HUP PIPE
trap leave EXIT
exec 9>&2 2>/dev/null
QUEUE_p=
start() {
  QUEUE_i=${quote(pipes)}.to.$$ QUEUE_o=${quote(pipes)}.from.$$
  mkfifo -m 600 "$QUEUE_i" "$QUEUE_o" || return 1
  exec 8<>"$QUEUE_i" 5>"$QUEUE_i" 7<"$QUEUE_i"
  exec 8<>"$QUEUE_o" 6<"$QUEUE_o" 1>"$QUEUE_o" 8>&-
  rm -f "$QUEUE_i" "$QUEUE_o"
  ${assignments} ${words.map(quote).join(' ')} <&7 2>&9 3>&- 4>&- 5>&- 6<&- 7<&- 9>&- &
  QUEUE_p=$!
  exec 7<&- 1>&9
  echo "P$QUEUE_p" >&4
}
say() { printf '\\nA %s %s\\n' "$1" "$2" >&3; printf 'A%s\\n' "$2" >&4; }
task() {
  if [ ! "$QUEUE_p" ]; then start || { say "$1" '!pipes'; return; }; fi
  QUEUE_a= QUEUE_t=
  printf '%s\\n' "$2" >&5
  while :; do
    if IFS= read -r QUEUE_l <&6; then QUEUE_a=$QUEUE_a$QUEUE_l; [ ! "$QUEUE_a" ] || break; continue; fi
    QUEUE_a=$QUEUE_a$QUEUE_l
    [ "$QUEUE_t" ] || { ended "$1"; return; }
    QUEUE_t=
  done
  answer "$1"
}
answer() { if [ \${#QUEUE_a} -gt ${LONGEST_ANSWER} ]; then say "$1" '!long'; else say "$1" "=$QUEUE_a"; fi; }
ended() {
  wait $QUEUE_p; QUEUE_r=$?
  while [ "$QUEUE_t" ] && kill -0 $QUEUE_p; do QUEUE_t=; wait $QUEUE_p; QUEUE_r=$?; done
  QUEUE_p=
  if [ $QUEUE_r != 0 ]; then printf '\\nE %s %s\\n' "$1" $QUEUE_r >&3; echo "E$QUEUE_r" >&4
  elif [ "$QUEUE_a" ]; then answer "$1"
  else say "$1" '!ended'; fi
}
leave() {
  exec 3>&- 4>&- 5>&- 6<&-
  if [ "$QUEUE_p" ]; then (trap - TERM; exec 9>&-; sleep ${graceMs / 1_000}; kill -s KILL -- -$$) & wait $QUEUE_p; fi
  kill -s KILL -- -$$
}
`
}

/**
 * A start that cannot be written is told by a dash, and the program hears nothing of the task. Half of the line, from a worker
 * that was killed while it wrote, is no command.
 */
export function taskLine(command: Command, request: string, offset: number, at: number): string {
  const { id, attempt, claimToken } = command
  const start = startRecord(command, offset, at)
  return `if echo "${start}" >&3; then task '${id} ${attempt} ${claimToken}' ${quote(request)}; else echo - >&4; fi\n`
}
