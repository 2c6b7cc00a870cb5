/** Numbers in few columns: `9,999`, `14.2k`, `1.1M`; and a minute's worth of attempts as a bar of eight heights. */

import { grouped } from '../amount.ts'
import type { Bounded } from '../queue/store/bounded.ts'
import { formatDuration } from '../time/duration.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../time/units.ts'

const EXACT_BELOW = 10_000
const UNITS = [
  { name: 'G', of: 1e9 },
  { name: 'M', of: 1e6 },
  { name: 'k', of: 1e3 },
]
const BARS = '▁▂▃▄▅▆▇█'
const NOTHING = '·'

/** At most five columns; never more than there is. */
export function shortNumber(number: number): string {
  if (number < EXACT_BELOW) return grouped(number)
  const unit = UNITS.find(({ of }) => number >= of) ?? { name: '', of: 1 }
  const amount = number / unit.of
  return `${amount < 100 ? Math.floor(amount * 10) / 10 : Math.floor(amount)}${unit.name}`
}

/** `20k+` where there are more than were counted, `~25k` for an estimate; at most six columns. */
export function shortCount({ count, isExact, isLeast }: Bounded): string {
  if (isExact) return shortNumber(count)
  return isLeast ? `${shortNumber(count)}+` : `~${shortNumber(count)}`
}

/** Where there is room: `12,345`, `~3,200,000`, `over 100,000` */
export function boundedText({ count, isExact, isLeast }: Bounded): string {
  return `${isExact ? '' : isLeast ? 'over ' : '~'}${grouped(count)}`
}

/** At most six columns: `450ms`, `12s`, `4m5s`, `3h5m`, `12d4h`, `400d`. */
export function shortDuration(ms: number): string {
  if (ms < SECOND_MS) return `${Math.max(0, Math.round(ms))}ms`
  if (ms >= 100 * DAY_MS) return `${Math.floor(ms / DAY_MS)}d`
  const unit = ms < HOUR_MS ? SECOND_MS : ms < DAY_MS ? MINUTE_MS : HOUR_MS
  return formatDuration(Math.floor(ms / unit) * unit)
}

/** In whole seconds. */
export function wholeDuration(ms: number): string {
  return ms < SECOND_MS ? '0s' : shortDuration(ms)
}

/**
 * A bar for each span of a series, the highest of them as high as a bar can be. Neighbours are added up until there are at
 * most `cells`; the last bar ends where the series ends.
 */
export function sparkline(series: readonly number[], cells: number): string {
  if (cells < 1 || series.length === 0) return ''
  const together = Math.ceil(series.length / cells)
  const sums: number[] = []
  for (let end = series.length; end > 0; end -= together) {
    sums.unshift(series.slice(Math.max(0, end - together), end).reduce((sum, one) => sum + one, 0))
  }
  const highest = Math.max(...sums)
  return sums.map((sum) => (sum === 0 ? NOTHING : BARS[Math.ceil((sum / highest) * BARS.length) - 1])).join('')
}
