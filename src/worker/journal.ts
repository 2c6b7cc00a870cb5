/**
 * The journal of a slot: what its runner started, and how that ended.
 *
 *     S <id> <attempt> <token> <offset> <ms> <pid>   a program is about to start; its output begins at offset
 *     E <id> <attempt> <token> <status>              it ended with what `$?` says
 *     A <id> <attempt> <token> =<line>               a warm program answered that
 *     A <id> <attempt> <token> !<why>                or did not: `!ended`, `!long`, `!pipes`
 *
 * Of several that a runner was told at once, `<ms>` is when they were told. Behind the last `E` of a message of a runner that
 * starts a program for each task:
 *
 *     0m0.00s 0m0.00s                                CPU time of the shell so far
 *     0m0.01s 0m0.00s                                and of all its children
 *
 * `<ms>` is the time in UTC milliseconds, `<pid>` the runner, which is also the process group. Each record begins on a
 * new line of its own and says whole what it says, so a line that was torn or spoilt takes nothing else with it. A
 * program is started only when its `S` has been written.
 */

export interface JournalEntry {
  readonly id: number
  readonly attempt: number
  readonly claimToken: number
  /** Absent when the line that told it was spoilt. */
  readonly start: JournalStart | undefined
  /** Absent while the program runs, and when nobody saw its end. */
  readonly end: JournalEnd | undefined
}

export interface JournalStart {
  /** Where its output begins in the slot's file. */
  readonly offset: number
  /** UTC milliseconds. */
  readonly at: number
  /** The runner, and the process group of the program. */
  readonly pid: number
}

/** With the CPU time of the program and all it waited for; 0 when that is not known. */
export type JournalEnd =
  /** As the shell's `$?` has it. */
  | { readonly status: number; readonly cpuMs: number; readonly answer?: undefined }
  /** What a warm program said, or why it said nothing. */
  | { readonly answer: string; readonly cpuMs: number; readonly status?: undefined }

/** A claim of one row: one token may have claimed many rows, and one row may be claimed again and again. */
export function claimKey({ id, claimToken }: { readonly id: number; readonly claimToken: number }): string {
  return `${id}.${claimToken}`
}

const START = /^S (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/
const TORN_START = /^S (\d+) /
const END = /^E (\d+) (\d+) (\d+) (\d+)$/
const ANSWER = /^A (\d+) (\d+) (\d+) ([=!].*)$/s
/** `times` of bash writes the locale's decimal mark. */
const TIMES = /^(\d+)m([\d.,]+)s (\d+)m([\d.,]+)s$/

/** The record of a start, as a shell writes it: `$$` becomes the runner's pid. */
export function startRecord(claim: { id: number; attempt: number; claimToken: number }, offset: number, at: number) {
  return `\nS ${claim.id} ${claim.attempt} ${claim.claimToken} ${offset} ${at} $$`
}

/** Whether the line is a start that was written whole. */
export function isStart(line: string): boolean {
  return START.test(line)
}

export interface Journal {
  /** In the order they were started. */
  readonly entries: readonly JournalEntry[]
  /** Ids of tasks whose start was torn behind the id: whether they were started is not certain. */
  readonly torn: ReadonlySet<number>
  /** The last line makes no sense at all: it may have been the start of any task. */
  readonly endsSpoilt: boolean
}

/** What a journal tells; lines that make no sense are passed over. */
export function readJournal(text: string): Journal {
  const entries = new Map<string, JournalEntry>()
  const torn = new Set<number>()
  const lines = text.split('\n')
  const usedMs = new Map<number, number>() // `times` counts anew in every shell
  let runner = 0
  for (const [i, line] of lines.entries()) {
    const kind = line[0]
    const start = kind === 'S' ? numbers(START.exec(line)) : undefined
    if (start !== undefined) {
      const [id, attempt, claimToken, offset, at, pid] = start as [number, number, number, number, number, number]
      runner = pid
      entries.set(claimKey({ id, claimToken }), { id, attempt, claimToken, start: { offset, at, pid }, end: undefined })
    }
    const [, tornId] = kind === 'S' && start === undefined ? (TORN_START.exec(line) ?? []) : []
    if (tornId !== undefined) torn.add(Number(tornId))
    const end = kind === 'E' ? numbers(END.exec(line)) : undefined
    if (end !== undefined) {
      const [id, attempt, claimToken, status] = end as [number, number, number, number]
      const total = childrenMs(lines[i + 2] ?? '')
      const cpuMs = total === undefined ? 0 : Math.max(0, total - (usedMs.get(runner) ?? 0))
      if (total !== undefined) usedMs.set(runner, total)
      const key = claimKey({ id, claimToken })
      entries.set(key, { id, attempt, claimToken, start: entries.get(key)?.start, end: { status, cpuMs } })
    }
    const answered = kind === 'A' ? readAnswer(line) : undefined
    if (answered !== undefined) {
      const { start } = entries.get(claimKey(answered)) ?? {}
      entries.set(claimKey(answered), { ...answered, start })
    }
  }
  const last = lines.findLast((line) => line.trim() !== '') ?? ''
  const makesSense = [START, END, ANSWER, TIMES, TORN_START].some((pattern) => pattern.test(last))
  return { entries: [...entries.values()], torn, endsSpoilt: last !== '' && !makesSense }
}

function readAnswer(line: string): Omit<JournalEntry, 'start'> | undefined {
  const match = ANSWER.exec(line)
  const [id, attempt, claimToken] = match?.slice(1, 4).map(Number) ?? []
  if (id === undefined || attempt === undefined || claimToken === undefined) return undefined
  return { id, attempt, claimToken, end: { answer: Buffer.from(match?.[4] ?? '', 'latin1').toString(), cpuMs: 0 } }
}

/** The CPU time in a line of `times`. */
export function childrenMs(line: string): number | undefined {
  const parts = TIMES.exec(line)
    ?.slice(1)
    .map((part) => Number(part.replace(',', '.')))
  if (parts === undefined) return undefined
  const [userMinutes = 0, userSeconds = 0, systemMinutes = 0, systemSeconds = 0] = parts
  return Math.round((userMinutes + systemMinutes) * 60_000 + (userSeconds + systemSeconds) * 1_000)
}

function numbers(match: RegExpExecArray | null): number[] | undefined {
  const parts = match?.slice(1).map(Number)
  return parts?.every(Number.isSafeInteger) ? parts : undefined
}
