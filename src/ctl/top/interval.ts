/** How often the board looks: the steps of + and -. */

export const QUICKEST_MS = 200

const STEPS_MS = [200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000]

export function slower(intervalMs: number): number {
  return STEPS_MS.find((step) => step > intervalMs) ?? intervalMs
}

export function quicker(intervalMs: number): number {
  return STEPS_MS.findLast((step) => step < intervalMs) ?? intervalMs
}
