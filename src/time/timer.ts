/**
 * A timer of any length. `setTimeout` holds at most 2^31-1 milliseconds, 24.8 days, and fires at once for more.
 */

export interface Timer {
  cancel(): void
}

const LONGEST_STEP_MS = 2_147_483_647

/** Calls `action` once, `ms` milliseconds from now. */
export function startTimer(ms: number, action: () => void): Timer {
  const endsAt = performance.now() + ms
  let step: NodeJS.Timeout
  const wait = () => {
    const left = endsAt - performance.now()
    step = left > LONGEST_STEP_MS ? setTimeout(wait, LONGEST_STEP_MS) : setTimeout(action, Math.max(0, left))
  }
  wait()
  return { cancel: () => clearTimeout(step) }
}
