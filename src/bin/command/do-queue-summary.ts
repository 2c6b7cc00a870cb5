/**
 * What a worker shows of its work: a bar while it works, on a terminal only, and what it did in the end.
 */

import { join, relative } from 'node:path'
import { grouped } from '../../amount.ts'
import type { DayLog } from '../../log/day-log.ts'
import type { Driver } from '../../queue/driver.ts'
import { countReady } from '../../queue/store/count.ts'
import type { Work } from '../../worker/work.ts'
import type { WorkSummary } from '../../worker/work-options.ts'
import { printJson } from '../print.ts'
import { progressBar } from '../progress.ts'
import type { Plan } from './do-queue-plan.ts'

const PROGRESS_MS = 100

/** What a worker did. */
export type Deeds = Omit<WorkSummary, 'problem' | 'isClean' | 'left'>

/** @returns ends it; it may be called again */
export async function showProgress(
  db: Driver,
  plan: Plan,
  buckets: readonly number[],
  work: Work,
): Promise<() => void> {
  if (plan.print !== 'text' || !process.stderr.isTTY) return () => {}
  const filtered = Object.keys(plan.filter).length > 0 || plan.watch
  const total = filtered
    ? undefined
    : Math.min(await countReady(db, plan.queue, buckets), plan.limit ?? Number.POSITIVE_INFINITY)
  const bar = progressBar(plan.queue)
  const timer = setInterval(() => {
    bar.update(attempted(work.summary), total)
  }, PROGRESS_MS)
  return () => {
    clearInterval(timer)
    bar.end()
  }
}

export function print(plan: Plan, log: DayLog, summary: Deeds, seconds: number): void {
  const file = join(plan.settings.logsDirectory, log.today.file)
  if (plan.print === 'json') printJson({ ...facts(summary), seconds, log: file })
  if (plan.print !== 'text') return
  const { done, retried, failed, cancelled, held, lost } = summary
  const all = attempted(summary)
  const parts = [
    `${grouped(done)} done`,
    `${grouped(retried)} to be retried`,
    `${grouped(failed)} failed`,
    ...(cancelled > 0 ? [`${grouped(cancelled)} cancelled`] : []),
    ...(held > 0 ? [`${grouped(held)} held`] : []),
    ...(lost > 0 ? [`${grouped(lost)} refused`] : []),
  ]
  process.stdout.write(
    `${parts.join(', ')} in ${seconds.toFixed(1)} s${all > 0 ? ` (${grouped(Math.round(all / seconds))}/s), log ${asTyped(file)}` : ''}\n`,
  )
}

export function attempted({ done, retried, failed, cancelled, held }: Deeds): number {
  return done + retried + failed + cancelled + held
}

export function facts({ done, retried, failed, cancelled, held, lost, ending }: Deeds) {
  return { done, retried, failed, cancelled, held, lost, ending }
}

/** As short as it can be typed here. */
function asTyped(file: string): string {
  const path = relative(process.cwd(), file)
  return path.startsWith('..') ? file : path
}
