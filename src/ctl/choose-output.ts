/**
 * Which output a person means: of an attempt that is booked, of the one that runs, or of one that is to come.
 */
import { Complaint, EXIT } from '../exit.ts'
import type { Driver } from '../queue/driver.ts'
import { isFinal } from '../queue/status.ts'
import type { OutputPlace } from '../queue/store/finish.ts'
import {
  type AttemptOutput,
  type RunFacts,
  type RunWorker,
  readAttemptOutput,
  readRun,
} from '../queue/store/read-output.ts'

export type ChosenOutput =
  /** `output` is null where it printed nothing; the number of an attempt that was forgotten by a retry is not known. */
  | { readonly kind: 'booked'; readonly attempt: number | null; readonly output: OutputPlace | null }
  | LiveChoice
  | ToCome

export interface ToCome {
  readonly kind: 'to-come'
  readonly run: RunFacts
  /** The attempt before it. */
  readonly last: AttemptOutput | undefined
}

export interface LiveChoice {
  readonly kind: 'live'
  readonly attempt: number
  readonly claimToken: number
  /** Undefined when its row is gone. */
  readonly worker: RunWorker | undefined
}

/**
 * @param attempt     the last one when it is undefined
 * @param isFollowed  of a task that waits for another attempt, that one is meant
 * @throws Complaint (bad data) when there is no such task, or no such attempt
 */
export async function chooseOutput(
  db: Driver,
  id: number,
  attempt: number | undefined,
  isFollowed: boolean,
): Promise<ChosenOutput> {
  const run = await readRun(db, id)
  if (run === undefined)
    throw new Complaint(EXIT.badData, `There is no task ${id}. Its row was deleted, or it is in another database.`)
  const live = liveOf(run)
  if (live !== undefined && (attempt === undefined || attempt === live.attempt)) return live
  return attempt === undefined ? chooseLast(db, run, isFollowed) : chooseNumbered(db, run, attempt)
}

/** The attempt that this claim was for, once it is booked; `undefined` while it is not, `given-back` when it never began. */
export async function bookedOutput(
  db: Driver,
  id: number,
  claimToken: number,
): Promise<OutputPlace | null | 'given-back' | undefined> {
  const run = await readRun(db, id)
  if (run === undefined) return 'given-back'
  if (run.state === 'running' && run.claimToken === claimToken) return undefined
  if (run.state === 'done' && run.claimToken === claimToken) return run.output
  const past = await readAttemptOutput(db, id, { claimToken })
  return past === undefined ? 'given-back' : past.output
}

function liveOf({ state, attempts, claimToken, worker }: RunFacts): LiveChoice | undefined {
  return state === 'running' && claimToken !== null
    ? { kind: 'live', attempt: attempts, claimToken, worker }
    : undefined
}

async function chooseLast(db: Driver, run: RunFacts, isFollowed: boolean): Promise<ChosenOutput> {
  const { id, state, attempts, output } = run
  if (state === 'done') return { kind: 'booked', attempt: attempts, output }
  const last = await readAttemptOutput(db, id)
  if (isFollowed && !isFinal(state)) return { kind: 'to-come', run, last }
  if (last === undefined && output === null) {
    if (isFinal(state))
      throw new Complaint(
        EXIT.badData,
        `Task ${id} was never started, so it has printed nothing. See "queuectl show ${id}".`,
      )
    return { kind: 'to-come', run, last }
  }
  const isLast = output === null || samePlace(output, last?.output ?? null)
  return { kind: 'booked', attempt: isLast ? (last?.attempt ?? null) : null, output }
}

async function chooseNumbered(db: Driver, run: RunFacts, attempt: number): Promise<ChosenOutput> {
  const { id, state, attempts, output } = run
  if (state === 'done' && attempt === attempts) return { kind: 'booked', attempt, output }
  const past = await readAttemptOutput(db, id, { attempt })
  if (past !== undefined) return { kind: 'booked', attempt, output: past.output }
  if (attempt > attempts && !isFinal(state)) return { kind: 'to-come', run, last: undefined }
  const had = attempts === 0 ? 'It has had none so far.' : `Its attempts are counted from 1 to ${attempts}.`
  throw new Complaint(EXIT.badData, `Task ${id} had no attempt ${attempt}, or its row was deleted. ${had}`)
}

function samePlace(a: OutputPlace, b: OutputPlace | null): boolean {
  return b !== null && a.file === b.file && a.offset === b.offset && a.bytes === b.bytes
}
