/**
 * The audit of a soak: evidence in, findings out; it asks nobody and touches nothing.
 *
 * It believes the programs, who sign when they begin and when they end, and holds the table, the logs and the killer's own
 * notes against that. Whatever was run again must be explained: by an end that asks for it, by a signal, or by a runner
 * that the killer took away, which leaves nobody to say how far its program came.
 */
import type { Attempt, Deed, Evidence, Task } from './evidence.ts'
import { killsOf, type Run, runsOf } from './runs.ts'

export interface Finding {
  readonly kind: FindingKind
  readonly what: string
}

export type FindingKind =
  | 'lost'
  | 'run twice'
  | 'overlapping'
  | 'out of order'
  | 'stuck'
  | 'booked wrongly'
  | 'logged wrongly'
  | 'unexplained end'
  | 'output wrong'
  | 'surfaced'
  | 'left behind'

export interface Verdict {
  readonly findings: readonly Finding[]
  /** What may be, and how often it was. */
  readonly counts: Readonly<Record<string, number>>
}

/** A task whose attempts were cut off so many times in a row has failed. */
const QUARANTINE = 5
const UNFINISHED = ['ready', 'scheduled', 'running', 'held']

export function audit(evidence: Evidence): Verdict {
  const { tasks, deeds, surfaced, left } = evidence
  const runs = runsOf(evidence.signatures)
  const attempts = Map.groupBy(evidence.attempts, ({ taskId }) => taskId)
  const counts: Record<string, number> = {}
  const findings: Finding[] = []
  for (const task of tasks) {
    const story = { task, runs: runs.get(task.id) ?? [], attempts: attempts.get(task.id) ?? [], deeds }
    findings.push(...repetitions(story, counts), ...ending(story), ...bookings(story, evidence), ...causes(story))
    count(counts, task.status)
  }
  return {
    findings: [
      ...missing(evidence, runs),
      ...findings,
      ...disorder(tasks, runs),
      ...surfaced.map((what) => ({ kind: 'surfaced' as const, what })),
      ...left.map((what) => ({ kind: 'left behind' as const, what })),
    ],
    counts,
  }
}

interface Story {
  readonly task: Task
  readonly runs: readonly Run[]
  readonly attempts: readonly Attempt[]
  readonly deeds: readonly Deed[]
}

/** Every run after the first needs a reason, and must not begin while the one before it goes on. */
function repetitions({ task: { id }, runs, attempts, deeds }: Story, counts: Record<string, number>): Finding[] {
  const findings: Finding[] = []
  let stopped = attempts.filter(({ outcome }) => outcome === 'stopped' || outcome === 'timeout').length
  for (const [i, next] of runs.entries()) {
    const run = runs[i - 1]
    if (run === undefined) continue
    if (run.end !== undefined && run.end.line > next.startLine)
      findings.push({ kind: 'overlapping', what: `task ${id} began again while it was running` })
    const killed = killsOf(run, next, deeds)
    if (killed.runner) count(counts, 'run again, because its runner was killed')
    else if (killed.program) count(counts, 'run again, because its program was killed')
    else if (run.end !== undefined && asksForMore(run.end.ending)) count(counts, 'run again, as its ending asked for')
    else if (run.end === undefined && stopped-- > 0) count(counts, 'run again, because it was stopped')
    else findings.push({ kind: 'run twice', what: `task ${id} began again after ${describe(run)}` })
  }
  return findings
}

function asksForMore(ending: string): boolean {
  return ending !== '0' && ending !== '65'
}

/** The state of the row is what the last run led to. */
function ending({ task, runs, attempts, deeds }: Story): Finding[] {
  const { id, status } = task
  const last = runs.at(-1)
  const saw = last === undefined ? 'no program of it began' : `its last program had ${describe(last)}`
  if (UNFINISHED.includes(status)) return [{ kind: 'stuck', what: `task ${id} is ${status}; ${saw}` }]
  const isExplained =
    status === 'done'
      ? last?.end?.ending === '0'
      : status === 'cancelled'
        ? deeds.some(({ kind, taskId }) => kind === 'task cancelled' && taskId === id)
        : hasFailed(task, attempts)
  const wrong: Finding[] = isExplained ? [] : [{ kind: 'lost', what: `task ${id} is ${status}; ${saw}` }]
  if (status === 'done' && !task.outputIsExact)
    wrong.push({ kind: 'output wrong', what: `task ${id} has not the output that its program wrote` })
  return wrong
}

function hasFailed({ maxAttempts }: Task, attempts: readonly Attempt[]): boolean {
  const counted = attempts.filter(
    ({ outcome, exitCode }) => ['exit', 'signal', 'timeout'].includes(outcome) && exitCode !== 75,
  )
  const ends = attempts.filter(({ outcome }) => outcome !== 'stopped')
  const cutOff = ends.slice(-QUARANTINE).filter(({ outcome }) => outcome === 'crashed' || outcome === 'signal')
  return counted.length >= maxAttempts || attempts.at(-1)?.exitCode === 65 || cutOff.length === QUARANTINE
}

/** Each run is booked once: with a row of `attempt`, or as the one that finished its task; and has one line in the log. */
function bookings({ task: { id, status }, runs, attempts }: Story, { logged }: Evidence): Finding[] {
  const findings: Finding[] = []
  const booked = timesBooked(status, attempts)
  const wrongly = (what: string) => findings.push({ kind: 'booked wrongly', what: `task ${id} ${what}` })
  const withoutRun = attempts.filter(({ outcome }) => outcome !== 'exit').length
  if (runs.length > booked) wrongly(`began ${runs.length} times and has ${booked} bookings`)
  if (booked - runs.length > withoutRun) wrongly(`has ${booked} bookings and began ${runs.length} times`)
  const exits = runs.filter(({ end }) => end !== undefined && /^[1-9]/.test(end.ending)).length
  const exitsBooked = attempts.filter(({ outcome }) => outcome === 'exit').length
  if (exitsBooked > exits) wrongly(`has ${exitsBooked} bad exits booked, and ended so ${exits} times`)
  if (UNFINISHED.includes(status)) return findings
  const lines = logged.get(id) ?? 0
  if (lines !== booked)
    findings.push({ kind: 'logged wrongly', what: `task ${id} has ${booked} bookings and ${lines} lines in the log` })
  return findings
}

function timesBooked(status: Task['status'], attempts: readonly Attempt[]): number {
  return attempts.length + (status === 'done' ? 1 : 0)
}

/** Nobody but the killer, a signal of the program's own, or a limit cuts a program off. */
function causes({ task: { id, status }, runs, attempts, deeds }: Story): Finding[] {
  const times = (outcome: string) => attempts.filter((attempt) => attempt.outcome === outcome).length
  const kills = runs.map((run, i) => killsOf(run, runs[i + 1], deeds))
  const unseen = Math.max(0, timesBooked(status, attempts) - runs.length) // cut off before their programs could sign
  const own = runs.filter(({ end }) => /^[A-Z]/.test(end?.ending ?? '')).length
  const isTold = (what: Deed['kind']) => deeds.some(({ kind }) => kind === what)
  const crashes = kills.filter(({ runner }) => runner).length + (isTold('runner killed') ? unseen : 0)
  const signals = kills.filter(({ program }) => program).length + (isTold('program killed') ? unseen : 0) + own
  const findings: Finding[] = []
  const tooMany = (outcome: string, known: number) => {
    if (times(outcome) > known)
      findings.push({
        kind: 'unexplained end',
        what: `task ${id} was ${outcome} ${times(outcome)} times, of which ${known} are explained`,
      })
  }
  tooMany('crashed', crashes)
  tooMany('signal', signals)
  if (!isTold('worker told to stop')) tooMany('stopped', 0)
  return findings
}

/** What was added must be there, and what has run must have been added. */
function missing({ tasks, acknowledged }: Evidence, runs: ReadonlyMap<number, Run[]>): Finding[] {
  const ids = new Set(tasks.map(({ id }) => id))
  const gone = acknowledged.filter((id) => !ids.has(id)).map((id) => `task ${id} was added and is not there`)
  const unknown = [...runs.keys()].filter((id) => !ids.has(id)).map((id) => `task ${id} has run and is not there`)
  return [...gone, ...unknown].map((what) => ({ kind: 'lost', what }))
}

/** Of one key, a task begins when every earlier one is finished, so no earlier one begins after it. */
function disorder(tasks: readonly Task[], runs: ReadonlyMap<number, Run[]>): Finding[] {
  const findings: Finding[] = []
  const keyed = tasks.filter(({ key, id }) => key !== null && runs.has(id))
  for (const [key, some] of Map.groupBy(keyed, ({ key }) => key)) {
    let before: { id: number; run: Run } | undefined
    for (const { id } of some.toSorted((a, b) => a.id - b.id)) {
      const all = runs.get(id) ?? []
      const [first] = all
      if (first === undefined) continue
      if (before !== undefined && before.run.startLine > first.startLine)
        findings.push({ kind: 'out of order', what: `task ${before.id} of key ${key} began after task ${id}` })
      else if (before !== undefined && (before.run.end?.line ?? -1) > first.startLine)
        findings.push({ kind: 'overlapping', what: `task ${id} of key ${key} began while task ${before.id} ran` })
      before = { id, run: all.at(-1) ?? first }
    }
  }
  return findings
}

function describe({ end }: Run): string {
  return end === undefined ? 'begun and not come to its end' : `ended with ${end.ending}`
}

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1
}
