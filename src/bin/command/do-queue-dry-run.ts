/**
 * `do-queue --dry-run`: what a worker would run, without a worker.
 */
import { grouped } from '../../amount.ts'
import { EXIT } from '../../exit.ts'
import { bucketsOf } from '../../queue/bucket.ts'
import type { Driver } from '../../queue/driver.ts'
import { countReady } from '../../queue/store/count.ts'
import { peek } from '../../queue/store/peek.ts'
import { printJson } from '../print.ts'
import type { Plan } from './do-queue-plan.ts'

const DRY_RUN_ROWS = 20

/** @returns the exit code */
export async function dryRun(db: Driver, plan: Plan): Promise<number> {
  const buckets = bucketsOf(plan.total, plan.shards)
  const rows = await peek(db, { queue: plan.queue, buckets, filter: plan.filter, perKey: plan.perKey }, DRY_RUN_ROWS)
  if (plan.print === 'json') {
    printJson(...rows)
    return EXIT.ok
  }
  const filtered = Object.keys(plan.filter).length > 0
  const ready = filtered ? undefined : await countReady(db, plan.queue, buckets)
  for (const { id, task, param } of rows)
    process.stdout.write(`${id}  ${task}  ${JSON.stringify(param.length > 60 ? `${param.slice(0, 60)}…` : param)}\n`)
  const more =
    ready === undefined
      ? rows.length === DRY_RUN_ROWS
        ? ` These are the first ${DRY_RUN_ROWS}.`
        : ''
      : ` ${grouped(ready)} are ready in all.`
  process.stdout.write(rows.length === 0 ? 'Nothing would be run.\n' : `Nothing was run.${more}\n`)
  return EXIT.ok
}
