/**
 * Reading the schedule file, with what was read last to fall back upon.
 */
import { createHash } from 'node:crypto'
import { Complaint, EXIT } from '../../exit.ts'
import { localTime, SYSTEM_ZONE } from '../../time/zone.ts'
import { type LoadedPlan, loadPlan } from './load-plan.ts'
import type { Plan, PlannedJob, Problem } from './plan.ts'
import type { KeptPlan, PlanCache } from './plan-cache.ts'

export interface ReadPlan {
  readonly plan: KeptPlan
  /** The file does not load, and this is what was read then. */
  readonly staleSince?: number
}

/** @throws Complaint when the file does not load and nothing is known of it */
export async function readPlan(
  path: string,
  cache: PlanCache,
  entryUrl: string | undefined,
  now: number,
  onOutput: (line: string) => void,
): Promise<ReadPlan> {
  const startedAt = Date.now()
  const { last } = cache
  const loaded = await load(path, entryUrl, onOutput)
  if (loaded instanceof Complaint) {
    if (last === undefined) throw loaded
    const sentence = `${loaded.message} ${asRead('Its jobs run as they were', last.readAt)}`
    return { plan: { ...last, problems: [{ sentence }] }, staleSince: last.readAt }
  }
  const plan = withOldJobs(loaded.plan, loaded.ids, last, now)
  cache.keep(plan, loaded.files, startedAt)
  return { plan }
}

interface Loaded extends LoadedPlan {
  readonly ids: readonly string[]
}

async function load(
  path: string,
  entryUrl: string | undefined,
  onOutput: (line: string) => void,
): Promise<Loaded | Complaint> {
  try {
    const { plan, ids, files } = await loadPlan(path, entryUrl, onOutput)
    if (ids !== undefined) return { plan, ids, files }
    return new Complaint(EXIT.badConfig, plan.problems.map(({ sentence }) => sentence).join(' '))
  } catch (error) {
    if (error instanceof Complaint) return error
    throw error
  }
}

/** A job that cannot be read is in the plan as it was when it could be. */
function withOldJobs(
  { jobs, problems }: Plan,
  ids: readonly string[],
  last: KeptPlan | undefined,
  now: number,
): KeptPlan {
  const unread = ids.filter((id) => !jobs.some((job) => job.id === id))
  const old = (last?.jobs ?? []).filter(({ id }) => unread.includes(id))
  const oldJobs = Object.fromEntries(old.map(({ id }) => [id, last?.oldJobs[id] ?? last?.readAt ?? now]))
  const all = [...jobs, ...old]
  const hash = hashOf(all)
  return {
    jobs: all,
    readAt: now,
    oldJobs,
    unread,
    problems: tellOld(problems, oldJobs),
    hash,
    // Which minutes are quiet depends on the jobs alone.
    ...(last?.quiet !== undefined && last.hash === hash ? { quiet: last.quiet } : {}),
  }
}

/** Each problem of a job says that it runs all the same; of jobs that only inherit one, another sentence does. */
function tellOld(problems: readonly Problem[], oldJobs: Readonly<Record<string, number>>): Problem[] {
  const told = problems.map(({ job, sentence }) => {
    const at = job === undefined ? undefined : oldJobs[job]
    if (job === undefined || at === undefined) return job === undefined ? { sentence } : { job, sentence }
    return { job, sentence: `${sentence} ${asRead('It runs as it was', at)}` }
  })
  const heirs = Object.keys(oldJobs).filter((id) => !problems.some(({ job }) => job === id))
  if (heirs.length === 0) return told
  const at = Math.min(...heirs.map((id) => oldJobs[id] ?? 0))
  return [...told, { sentence: asRead(`Jobs that take that over, ${heirs.join(', ')}, run as they were`, at) }]
}

function asRead(what: string, at: number): string {
  const time = localTime(SYSTEM_ZONE, at).slice(0, '2026-11-20T18:04'.length).replace('T', ' ')
  return `${what} read last, on ${time}.`
}

function hashOf(jobs: readonly PlannedJob[]): string {
  return createHash('sha256').update(JSON.stringify(jobs)).digest('hex').slice(0, 16)
}
