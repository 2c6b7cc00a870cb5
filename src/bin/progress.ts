/**
 * A progress bar, or a line, where a person watches: on standard error, and only on a terminal.
 *
 *     sending  [████████████░░░░░░░░░░░░] 1,204 of 2,400   50 %   312/s   4 s left
 */

const WIDTH = 24
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
    update: (done, total) => line.show(() => progressLine(label, done, total, (performance.now() - startedAt) / 1_000)),
    end: line.end,
  }
}

export interface StatusLine {
  /** @param text  asked for when it is time to draw again */
  show(text: () => string): void
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
      // Some terminals say that they have 0 columns.
      stream.write(`\r\x1b[K${text().slice(0, (stream.columns || 80) - 1)}`)
    },
    end() {
      if (drawnAt > 0) stream.write('\r\x1b[K')
    },
  }
}

export function progressLine(label: string, done: number, total: number | undefined, seconds: number): string {
  const rate = seconds > 0 ? done / seconds : 0
  const perSecond = `${count(Math.round(rate))}/s`
  if (total === undefined || total === 0) return `${label}  ${count(done)}   ${perSecond}`
  const part = Math.min(1, done / total)
  const full = Math.round(part * WIDTH)
  const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full)
  const left = rate > 0 && done < total ? `   ${Math.ceil((total - done) / rate)} s left` : ''
  return `${label}  [${bar}] ${count(done)} of ${count(total)}   ${Math.floor(part * 100)} %   ${perSecond}${left}`
}

/** `12,345`; without `Intl`, whose tables take longer to load than a short run takes. */
export function count(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}
