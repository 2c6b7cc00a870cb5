/**
 * Durations as people write them: `90`, `250ms`, `10s`, `5m`, `1h30m`, `2d`.
 *
 * A bare number is seconds. Everything else needs its unit, largest first, each unit at most once; what is
 * not understood is refused rather than guessed.
 */

const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'm', ms: 60_000 },
  { name: 's', ms: 1_000 },
  { name: 'ms', ms: 1 },
] as const

const PATTERN = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/

/** The longest duration accepted anywhere: ten years. Longer ones are typing mistakes. */
export const LONGEST_DURATION_MS = 3_650 * 86_400_000

/** @returns milliseconds, or undefined when `text` is no duration (or longer than ten years) */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim()
  const ms = /^\d{1,9}$/.test(trimmed) ? Number(trimmed) * 1_000 : fromUnits(trimmed)
  return ms === undefined || ms > LONGEST_DURATION_MS ? undefined : ms
}

function fromUnits(text: string): number | undefined {
  const parts = text === '' ? null : PATTERN.exec(text)
  if (parts === null) return undefined
  return UNITS.reduce((sum, unit, i) => sum + Number(parts[i + 1] ?? 0) * unit.ms, 0)
}

/** The shortest exact way to write `ms`: 5400000 is `1h30m`, 0 is `0s`. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms))
  let text = ''
  for (const unit of UNITS) {
    const count = Math.floor(rest / unit.ms)
    if (count > 0) text += `${count}${unit.name}`
    rest -= count * unit.ms
  }
  return text === '' ? '0s' : text
}
