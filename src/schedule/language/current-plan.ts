/**
 * The plan to go by: what the schedule file says now, or what it said last.
 *
 * While the file and all it imports are unchanged, the plan is read back from the state directory and the file is not even
 * loaded. What cannot be read stays as it was: all jobs when the file does not load, a single one when its entry is wrong.
 * The problem's sentence then says since when.
 */
import type { PlannedJob, Problem } from './plan.ts'
import { type KeptPlan, PlanCache, type Quiet } from './plan-cache.ts'

export interface CurrentPlan {
  /** Of the schedule file. */
  readonly path: string
  readonly jobs: readonly PlannedJob[]
  /** Jobs that the file has and that cannot be read; those that could be once are in `jobs`, as they were then. */
  readonly unread: readonly string[]
  readonly problems: readonly Problem[]
  /** Tells one content from another. */
  readonly hash: string
  /** The file does not load, and this is what was read then: UTC milliseconds. */
  readonly staleSince?: number
  /** Minutes in which nothing is due, as far as they are known. */
  readonly quiet?: Quiet
  /** Notes such minutes for later ticks. */
  readonly keepQuiet: (quiet: Quiet) => void
}

export interface PlanOptions {
  readonly stateDirectory: string
  /** What an import of our own name leads to; without it, the installed package. */
  readonly entryUrl: string | undefined
  /** UTC milliseconds. */
  readonly now: number
  /** Is told each line that the schedule's code prints while it is loaded; a person sees it unless told. */
  readonly onOutput?: (line: string) => void
}

/**
 * @param path  of the schedule file, absolute
 * @throws      Complaint when it cannot be read and nothing is known of it
 */
export async function currentPlan(path: string, options: PlanOptions): Promise<CurrentPlan> {
  const { stateDirectory, entryUrl, now, onOutput = print } = options
  const cache = new PlanCache(path, stateDirectory, entryUrl)
  const fresh = cache.fresh(now)
  if (fresh !== undefined) return current(path, fresh, cache)
  const { readPlan } = await import('./read-plan.ts')
  const { plan, staleSince } = await readPlan(path, cache, entryUrl, now, onOutput)
  return { ...current(path, plan, cache), ...(staleSince === undefined ? {} : { staleSince }) }
}

function current(path: string, { jobs, unread, problems, hash, quiet }: KeptPlan, cache: PlanCache): CurrentPlan {
  const keepQuiet = (span: Quiet) => cache.keepQuiet(hash, span)
  return { path, jobs, unread, problems, hash, ...(quiet === undefined ? {} : { quiet }), keepQuiet }
}

function print(line: string): void {
  process.stderr.write(`${line}\n`)
}
