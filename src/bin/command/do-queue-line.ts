/**
 * Reading the command line of `do-queue`.
 */
import { plainFlags } from '../plain-flags.ts'
import { DO_QUEUE, DO_QUEUE_FLAGS } from './do-queue-flags.ts'
import { type DoQueueFlags, type Plan, planOf } from './do-queue-plan.ts'

/**
 * The tick gives plain flags, and yargs takes as long to load as all else that a worker begins with.
 *
 * @throws Complaint (usage, bad configuration)
 */
export async function readPlan(args: string[]): Promise<Plan> {
  return planOf(plainFlags(args, DO_QUEUE_FLAGS) ?? (await parseAny(args)))
}

async function parseAny(args: string[]): Promise<DoQueueFlags> {
  const { declaredLine } = await import('../command-line.ts')
  return declaredLine(DO_QUEUE, args)
    .options(DO_QUEUE_FLAGS)
    .demandCommand(0, 0, '', 'do-queue takes flags only.')
    .parseAsync()
}
