/**
 * The runs of a task: what its programs signed, one entry for each time one began.
 */
import type { Deed, Signature } from './evidence.ts'

export interface Run {
  readonly id: number
  readonly pid: number
  readonly runner: number
  readonly startMs: number
  /** Which line of the file it is: the order of everything. */
  readonly startLine: number
  /** Of a program that was killed there is none. */
  readonly end: { readonly line: number; readonly ending: string } | undefined
}

/** By task id, each in the order of their beginning. */
export function runsOf(signatures: readonly Signature[]): Map<number, Run[]> {
  const runs = new Map<number, Run[]>()
  for (const [line, { id, kind, pid, atMs, runner, ending }] of signatures.entries()) {
    const ofTask = runs.get(id) ?? []
    runs.set(id, ofTask)
    if (kind === 'start') {
      ofTask.push({ id, pid, runner, startMs: atMs, startLine: line, end: undefined })
      continue
    }
    const begun = ofTask.findLastIndex((run) => run.pid === pid && run.end === undefined)
    const run = ofTask[begun]
    if (run === undefined) throw new Error(`Task ${id} has an end, by process ${pid}, that never began.`)
    ofTask[begun] = { ...run, end: { line, ending } }
  }
  return runs
}

/** The clock of the programs goes in steps. */
const STEP_MS = 20
/** A program that finds itself adopted by this one when it signs has lost its runner before. */
const INIT = 1
const ORPHANED_WITHIN_MS = 1_000

/** Whom the killer killed between the beginning of a run and that of the next one: one of them, or both. */
export function killsOf(
  run: Run,
  next: Run | undefined,
  deeds: readonly Deed[],
): { runner: boolean; program: boolean } {
  const isOrphan = run.runner === INIT
  const fromMs = run.startMs - (isOrphan ? ORPHANED_WITHIN_MS : STEP_MS)
  const toMs = (next?.startMs ?? Number.POSITIVE_INFINITY) + STEP_MS
  const during = deeds.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
  return {
    runner: during.some(({ kind, pid }) => kind === 'runner killed' && (isOrphan || pid === run.runner)),
    program: during.some(({ kind, pid }) => kind === 'program killed' && pid === run.pid),
  }
}
