/**
 * A progress bar, or a line, where a person watches: on standard error, and only on a terminal.
 *
 *     sending  [████████████░░░░░░░░░░░░] 1,204 of 2,400   50 %   312/s   4 s left
 */

import { grouped } from '../amount.ts'
import { formatDuration } from '../time/duration.ts'

const WIDTH = 24
const NARROWEST = 6
const REDRAW_MS = 100

export interface Progress {
  /** @param total  undefined while it is not known */
  update(done: number, total: number | undefined): void
  /** Wipes the bar away. */
  end(): void
}

/** @returns a bar that draws nothing when `stream` is no terminal */
export function progressBar(label: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  const startedAt = performance.now()
  const line = statusLine(stream)
  return {
    update: (done, total) =>
      line.show((room) => progressLine(label, done, total, (performance.now() - startedAt) / 1_000, room)),
    end: line.end,
  }
}

export interface StatusLine {
  /** @param text  asked for when it is time to draw again, with the characters that there is room for */
  show(text: (room: number) => string): void
  /** Wipes the line away. */
  end(): void
}

/** @returns a line that is drawn over and over, and never when `stream` is no terminal */
export function statusLine(stream: NodeJS.WriteStream = process.stderr): StatusLine {
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    show(text) {
      const now = performance.now()
      if (!stream.isTTY || now - drawnAt < REDRAW_MS) return
      drawnAt = now
      const room = (stream.columns || 80) - 1 // some terminals say that they have 0 columns
      stream.write(`\r\x1b[K${text(room).slice(0, room)}`)
    },
    end() {
      if (drawnAt > 0) stream.write('\r\x1b[K')
    },
  }
}

/** @param room  characters that it may have: the bar gives way first */
export function progressLine(
  label: string,
  done: number,
  total: number | undefined,
  seconds: number,
  room = Number.POSITIVE_INFINITY,
): string {
  const rate = seconds > 0 ? done / seconds : 0
  const perSecond = `${grouped(Math.round(rate))}/s`
  if (total === undefined || total === 0) return `${label}  ${grouped(done)}   ${perSecond}`
  const part = Math.min(1, done / total)
  const left = rate > 0 && done < total ? `   ${timeLeft((total - done) / rate)} left` : ''
  const numbers = `] ${grouped(done)} of ${grouped(total)}   ${Math.floor(part * 100)} %   ${perSecond}${left}`
  const width = Math.max(NARROWEST, Math.min(WIDTH, room - `${label}  [${numbers}`.length))
  const full = Math.round(part * width)
  return `${label}  [${'█'.repeat(full)}${'░'.repeat(width - full)}${numbers}`
}

/** `4 s`, `2m5s`, `3h12m` */
function timeLeft(seconds: number): string {
  if (seconds <= 60) return `${Math.ceil(seconds)} s`
  const unit = seconds < 3_600 ? 1 : 60
  return formatDuration(Math.ceil(seconds / unit) * unit * 1_000)
}
