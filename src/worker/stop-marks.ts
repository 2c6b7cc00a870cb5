/**
 * Why a program was asked to stop, for whoever books its end.
 *
 * The worker that asked may be killed before, and a tick that looks after a dead worker's programs lives for a moment. So the
 * mark is a file, `stop.<id>.<token>.<reason>`: its name says what the end of the program means, its age when to kill.
 */
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { claimKey } from './journal.ts'

const MARK = /^stop\.(\d+\.\d+)\.([a-z]+)$/

type Claim = Parameters<typeof claimKey>[0]

export type MarkedReason = 'timeout' | 'flood' | 'cancelled' | 'stopped'

export interface StopMark {
  readonly reason: MarkedReason
  /** UTC milliseconds. */
  readonly askedAt: number
}

/** By `claimKey`. */
export function stopMarks(directory: string): Map<string, StopMark> {
  const marks = new Map<string, StopMark>()
  for (const name of readdirSync(directory)) {
    const [, claim, reason] = MARK.exec(name) ?? []
    const askedAt = statSync(join(directory, name), { throwIfNoEntry: false })?.mtimeMs
    if (claim !== undefined && askedAt !== undefined) marks.set(claim, { reason: reason as MarkedReason, askedAt })
  }
  return marks
}

/** Where it cannot be written, the end of the program is told as the signal that ended it. */
export function markStop(directory: string, claim: Claim, reason: MarkedReason): void {
  try {
    writeFileSync(join(directory, `stop.${claimKey(claim)}.${reason}`), '')
  } catch {}
}

export function unmarkStop(directory: string, claim: Claim, reason: MarkedReason): void {
  rmSync(join(directory, `stop.${claimKey(claim)}.${reason}`), { force: true })
}
