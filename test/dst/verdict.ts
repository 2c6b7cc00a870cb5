/**
 * What cron ran in a night against what we say: equal, minute by minute, but for the deviations that the probes name.
 */
import { compileCron } from '../../src/schedule/calendar/cron-expression.ts'
import { dueAt } from '../../src/schedule/calendar/due.ts'
import { localTime } from '../../src/time/zone.ts'
import type { NightUnderCron } from './night.ts'
import { minutesOf, type Night, type Probe } from './probes.ts'
import type { NightOfTicks } from './ticks.ts'

export interface Verdict {
  /** Runs by cron, and minutes that are due by our evaluator. */
  readonly cronRuns: number
  readonly ourRuns: number
  /** One line for each probe that cron ran otherwise than we would, as its probe says. */
  readonly deviations: readonly string[]
  /** One line for each that should not be. */
  readonly differences: readonly string[]
}

export function judge(
  { night, runs }: NightUnderCron,
  probes: readonly Probe[],
  { ledger, ran }: NightOfTicks,
): Verdict {
  const deviations: string[] = []
  const differences: string[] = []
  let cronRuns = 0
  let ourRuns = 0
  const minutes = minutesOf(night)
  probes.forEach(({ text, cronAtGapEnd, runs: isCommand }, id) => {
    const cron = compileCron(text)
    for (const minute of minutes) {
      const byCron = runs[id]?.get(minute) ?? 0
      const byUs = dueAt(cron, night.zone, minute) === undefined ? 0 : 1
      const inLedger = ledger[id]?.has(minute) === true ? 1 : 0
      const expected = byUs === 1 && minute === gapEnd(night) ? (cronAtGapEnd ?? 1) : byUs
      const what = `${text.padEnd(16)} at ${clock(night, minute)}: cron ${times(byCron)}, we ${times(byUs)}`
      if (byCron !== expected) differences.push(what)
      else if (byCron !== byUs) deviations.push(what)
      if (inLedger !== byUs) differences.push(`${what}, the ledger has it ${times(inLedger)}`)
      const byTicks = (ran[id] ?? []).filter((slotAt) => slotAt === minute).length
      if (isCommand === true && byTicks !== byUs) differences.push(`${what}, its command ran ${times(byTicks)}`)
      cronRuns += byCron
      ourRuns += byUs
    }
    for (const stray of [...(ledger[id] ?? []), ...(ran[id] ?? [])].filter((slotAt) => !minutes.includes(slotAt)))
      differences.push(`${text.padEnd(16)} at ${clock(night, stray)}: a slot outside the night`)
  })
  return { cronRuns, ourRuns, deviations, differences }
}

/** The first minute after the gap; none in autumn. */
function gapEnd({ zone, change }: Night): number | undefined {
  const wall = (at: number) => Date.parse(`${localTime(zone, at).slice(0, 19)}Z`)
  return wall(change) - wall(change - 1_000) > 1_000 ? change : undefined
}

function clock({ zone }: Night, minute: number): string {
  return localTime(zone, minute).replace(':00.000', '').replace('T', ' ')
}

function times(count: number): string {
  if (count === 1) return 'once'
  return count === 0 ? 'never' : `${count} times`
}
