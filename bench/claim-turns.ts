/**
 * Workers of `npm run bench -- claim` at work together, in turns: in each they claim and finish what was agreed, then the table is
 * filled up again, so that every turn finds as many ready rows as the one before.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Driver } from '../src/queue/driver.ts'
import { addReady, TABLE_OF } from './claim-rows.ts'
import type { Seat, WayName } from './claim-ways.ts'
import type { Order, Turn } from './claim-worker.ts'

/** A way, and how many work in it at once. */
export interface Crew {
  readonly way: WayName
  readonly workers: number
}

export interface Pace {
  readonly batch: number
  /** Claimed and finished between two fillings, by all workers together. */
  readonly rowsPerTurn: number
  readonly turns: number
  /** No other turn, and no other claim, is begun after that: a way that takes seconds for a claim shows it in a few. */
  readonly withinMs: number
}

export interface Work {
  /** Of every claim, ascending. */
  readonly claimMs: readonly number[]
  readonly rowsPerSecond: number
}

export interface Team {
  readonly crew: Crew
  /** Some turns, one after the other. */
  work(): Promise<Work>
  dismiss(): Promise<void>
}

const WORKER = join(import.meta.dirname, 'claim-worker.ts')

/** Workers that have done one turn: statements are prepared by it, and functions compiled. */
export async function hire(db: Driver, url: string, crew: Crew, pace: Pace): Promise<Team> {
  const { way, workers } = crew
  const order = { rows: Math.ceil(pace.rowsPerTurn / workers), withinMs: pace.withinMs }
  const batch = Math.min(pace.batch, order.rows) // else the first ones would leave nothing to the last
  const team = Array.from({ length: workers }, (_, shard) => {
    const seat: Seat = { url, shard, workers, batch }
    return fork(WORKER, [way, JSON.stringify(seat)])
  })
  const turn = async () => {
    const answers = team.map(answerOf)
    for (const worker of team) worker.send(order satisfies Order)
    const done = (await Promise.all(answers)) as Turn[]
    await addReady(db, TABLE_OF[way], rowsOf(done))
    return done
  }
  const dismiss = async () => {
    await Promise.all(team.map(sendAway))
  }
  try {
    await Promise.all(team.map(answerOf))
    await turn()
  } catch (error) {
    await dismiss()
    throw error
  }
  return { crew, dismiss, work: () => workInTurns(turn, pace) }
}

async function workInTurns(turn: () => Promise<Turn[]>, { turns, withinMs }: Pace): Promise<Work> {
  const done = [await turn()]
  const giveUpAt = performance.now() + withinMs
  while (done.length < turns && performance.now() < giveUpAt) done.push(await turn())
  const claimMs = done.flatMap((one) => one.flatMap((worker) => worker.claimMs)).toSorted((a, b) => a - b)
  const ms = done.map((one) => Math.max(...one.map(({ to }) => to)) - Math.min(...one.map(({ from }) => from)))
  return { claimMs, rowsPerSecond: (rowsOf(done.flat()) * 1_000) / ms.reduce((sum, one) => sum + one, 0) }
}

/** @throws Error with what went wrong there */
function answerOf(worker: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const left = (code: number | null) => reject(new Error(`A worker left with exit code ${code}.`))
    worker.once('exit', left)
    worker.once('message', (answer: { readonly problem?: string }) => {
      worker.off('exit', left)
      if (answer.problem === undefined) resolve(answer)
      else reject(new Error(answer.problem))
    })
  })
}

async function sendAway(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return
  const gone = once(worker, 'exit')
  if (worker.connected) worker.disconnect()
  await gone
}

function rowsOf(done: readonly Turn[]): number {
  return done.reduce((sum, { rows }) => sum + rows, 0)
}
