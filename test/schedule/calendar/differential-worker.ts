/**
 * A thread of `npm run test:cron`: takes the next zone that nobody has, and compares every expression in it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { compare, type Disagreement, NO_TALLY, type Tally, zoneYears } from './compare.ts'

export interface Work {
  readonly texts: readonly string[]
  readonly zones: readonly string[]
  readonly firstYear: number
  readonly years: number
  /** One number, shared by all threads: how many zones are taken. */
  readonly taken: SharedArrayBuffer
}

export type Message =
  | { readonly kind: 'compared'; readonly disagreements: readonly Disagreement[] }
  | { readonly kind: 'zone'; readonly zone: string; readonly tally: Tally; readonly ms: number }

const { texts, zones, firstYear, years, taken }: Work = workerData
const takenZones = new Int32Array(taken)

for (let index = takeZone(); index < zones.length; index = takeZone()) compareIn(index)

function takeZone(): number {
  return Atomics.add(takenZones, 0, 1)
}

function compareIn(index: number): void {
  const began = performance.now()
  const zone = zones[index] ?? ''
  const span = zoneYears(zone, firstYear, years)
  const tally = { ...NO_TALLY }
  texts.forEach((text, i) => {
    // Every expression is looked at in every minute of the years in one of the zones, by turns.
    const disagreements = compare(text, span, i % zones.length === index, tally)
    tell({ kind: 'compared', disagreements })
  })
  tell({ kind: 'zone', zone, tally, ms: performance.now() - began })
}

function tell(message: Message): void {
  parentPort?.postMessage(message)
}
