/**
 * A progress bar where a person watches: on standard error, and only on a terminal.
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

const NONE: Progress = { update() {}, end() {} }

/** @returns a bar that draws nothing when `stream` is no terminal */
export function progressBar(label: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY) return NONE
  const startedAt = performance.now()
  let drawnAt = 0
  return {
    update(done, total) {
      const now = performance.now()
      if (now - drawnAt < REDRAW_MS) return
      drawnAt = now
      const line = progressLine(label, done, total, (now - startedAt) / 1_000)
      stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? 80) - 1)}`)
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
