/** What the runs of the peers come to: the comparisons that the bench `peers` returns. */
import type { Comparison, Side } from '../comparison.ts'
import { spread } from '../statistics.ts'
import { OURS } from './our-peer.ts'
import type { Load, Run } from './timed-run.ts'

export interface Scenario extends Load {
  readonly program: 'nothing' | 'short'
}

/** One side's rounds. */
export interface Series {
  readonly name: string
  /** A yardstick has no queue: what it does is the least there is to do. */
  readonly kind: 'ours' | 'peer' | 'yardstick'
  readonly runs: readonly {
    readonly whole: Run
    /** Of one task alone: nearly all of it is the start of the workers. */
    readonly single: Run
  }[]
}

type Quantity = (whole: Run, single: Run) => number

const YARDSTICK = 'xargs'

/** Where the programs themselves take nearly all of the time, no queue can be faster than another by more than chance. */
const REACH = { nothing: 1, short: 0.97 } as const

export function comparisonsOf(scenario: Scenario, series: readonly Series[]): Comparison[] {
  const { program, tasks, concurrency, processes } = scenario
  const id = `${program}-${concurrency}`
  const what = program === 'nothing' ? 'programs that do nothing' : 'programs of about 10 ms'
  const by = processes === 1 ? '' : `, ${processes} workers`
  const title = `${tasks.toLocaleString('en')} ${what}, ${concurrency} at a time${by}`
  const perSecond: Quantity = ({ enqueueSeconds, workSeconds }) => tasks / (enqueueSeconds + workSeconds)
  const started: Quantity = (whole, single) => (tasks - 1) / (whole.workSeconds - single.workSeconds)
  const rate = { unit: 'tasks/s', better: 'more', rival: YARDSTICK } as const
  const queues = series.filter(({ kind }) => kind !== 'yardstick')
  const whole = {
    ...rate,
    id,
    title: `${title}: enqueued to finished, start included`,
    sides: sides(series, perSecond),
  }
  const fastest = fastestPeer(series, perSecond)
  return [
    whole,
    ...(fastest === undefined ? [] : [againstFastest(scenario, whole, series, fastest, perSecond)]),
    {
      ...rate,
      id: `${id}-started`,
      title: `${title}: without enqueuing and start`,
      sides: sides(series, started),
    },
    {
      id: `${id}-enqueue`,
      title: `${title}: enqueuing them`,
      unit: 'ms',
      better: 'less',
      rival: OURS,
      sides: sides(queues, ({ enqueueSeconds }) => enqueueSeconds * 1_000),
    },
    {
      id: `${id}-cpu`,
      title: `${title}: CPU of the workers, the programs and the server, per task`,
      unit: 'CPU ms',
      better: 'less',
      rival: YARDSTICK,
      sides: sides(series, ({ cpuSeconds }) => (cpuSeconds * 1_000) / tasks),
    },
  ]
}

/** Ours is to be no slower than whichever of the others is the fastest here. */
function againstFastest(
  scenario: Scenario,
  whole: Comparison,
  series: readonly Series[],
  fastest: Series,
  quantity: Quantity,
): Comparison {
  const two = series.filter((one) => one.kind === 'ours' || one === fastest)
  return {
    ...whole,
    id: `${whole.id}-fastest`,
    title: `${whole.title}, ours and the fastest of the others`,
    rival: fastest.name,
    sides: sides(two, quantity),
    goals: [{ side: OURS, atLeast: REACH[scenario.program] }],
  }
}

function fastestPeer(series: readonly Series[], quantity: Quantity): Series | undefined {
  const median = (one: Series) => spread(samples(one, quantity)).median
  return series.filter(({ kind }) => kind === 'peer').toSorted((a, b) => median(b) - median(a))[0]
}

function sides(series: readonly Series[], quantity: Quantity): Side[] {
  return series.map((one) => ({ name: one.name, ours: one.kind === 'ours', samples: samples(one, quantity) }))
}

function samples({ runs }: Series, quantity: Quantity): number[] {
  return runs.map(({ whole, single }) => quantity(whole, single))
}
