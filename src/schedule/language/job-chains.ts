/**
 * Jobs beside each other: every `after` names a job that is there and ends, no chain bites its own tail, and jobs of one queue have
 * one rule for its keys.
 */

import { nearestName } from '../../nearest-name.ts'
import type { Values } from './job-options.ts'
import type { PlannedJob } from './plan.ts'
import { showValue } from './show-value.ts'

/**
 * @param jobs  all jobs by id, also those that have other problems: to come after one of them is no mistake
 * @returns     sentences by id, for the jobs whose `after` is wrong
 */
export function judgeChains(jobs: ReadonlyMap<string, Values>): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [id, { after }] of jobs) {
    if (after === undefined) continue
    const sentence = judgeAfter(id, after.job, jobs)
    if (sentence !== undefined) found.set(id, [sentence])
  }
  return found
}

function judgeAfter(id: string, upstream: string, jobs: ReadonlyMap<string, Values>): string | undefined {
  if (upstream === id) return 'it comes after itself. Name another job in after().'
  if (!jobs.has(upstream)) {
    const nearest = nearestName(upstream, jobs.keys())
    const advice = nearest === undefined ? 'Name one of this schedule.' : `Did you mean ${nearest}?`
    return `after() names ${showValue(upstream)}, which is no job. ${advice}`
  }
  if (jobs.get(upstream)?.always === true) {
    return `it comes after ${upstream}, which is always() at work and never ends. Name a job that does.`
  }
  const chain = chainFrom(id, jobs)
  if (chain.at(-1) !== id) return undefined
  return `it waits for itself: ${chain.join(' after ')}. Take one after() out.`
}

/**
 * What every host runs for itself, it also knows for itself when that has ended: chains stay on one side.
 *
 * @returns a sentence by id, for the jobs that come after one of the other side
 */
export function judgeSides(jobs: readonly PlannedJob[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const job of jobs) {
    const upstream = jobs.find(({ id }) => id === job.after?.job)
    if (upstream === undefined || sideOf(upstream) === sideOf(job)) continue
    const one = upstream.hosts === 'each' ? upstream.id : 'it'
    found.set(
      job.id,
      `it comes after ${upstream.id}, but only ${one} is run by each host. Give hosts: 'each' to both, or to none; both then run commands.`,
    )
  }
  return found
}

/**
 * Workers of one queue go by one rule for its keys, whatever their jobs.
 *
 * @returns a sentence by id, for the jobs that say otherwise than the first of their queue
 */
export function judgeKeyRules(jobs: readonly PlannedJob[]): Map<string, string> {
  const found = new Map<string, string>()
  const firsts = new Map<string, { readonly id: string; readonly perKey: number | undefined }>()
  for (const { id, work } of jobs) {
    if (work.kind !== 'queue') continue
    const first = firsts.get(work.queue) ?? { id, perKey: work.perKey }
    firsts.set(work.queue, first)
    if (first.perKey === work.perKey) continue
    found.set(
      id,
      `it works queue ${work.queue} ${ruleOf(work.perKey)}, and job ${first.id} does ${ruleOf(first.perKey)}. Give all jobs of a queue the same perKey.`,
    )
  }
  return found
}

function ruleOf(perKey: number | undefined): string {
  return perKey === undefined ? 'without perKey' : `with perKey ${perKey}`
}

function sideOf({ hosts, work }: PlannedJob): string {
  return hosts === 'each' ? `each${work.kind === 'exec' ? '' : ` ${work.kind}`}` : 'one'
}

/** From a job to the one it comes after, and on, until there is none or one comes again. */
function chainFrom(id: string, jobs: ReadonlyMap<string, Values>): string[] {
  const chain = [id]
  for (let next = jobs.get(id)?.after?.job; next !== undefined; next = jobs.get(next)?.after?.job) {
    const isBack = chain.includes(next)
    chain.push(next)
    if (isBack) break
  }
  return chain
}
