/**
 * The whole terminal for one command: the alternate screen, keys as they are pressed, and all of it given back however the
 * command ends.
 *
 * What was on the terminal comes back when the command leaves, is asked to end, fails, or is put into the background. Of a
 * frame only the lines that changed are sent, between marks that make a terminal show them at once; one that does not know
 * the marks passes over them.
 */
import type { ReadStream, WriteStream } from 'node:tty'

export interface FullScreenOptions {
  /** What was typed, as the terminal sends it. */
  readonly onInput: (bytes: string) => void
  /** The window has another size, or everything must be drawn again. */
  readonly onRedraw: () => void
  /** The command is to leave: asked by a signal, or the terminal is gone. */
  readonly onEnd: (signal: EndSignal) => void
}

export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export interface DrawnLine {
  /** With the sequences that style it. */
  readonly text: string
  /** In columns of the terminal. */
  readonly width: number
}

export interface FullScreen {
  readonly size: { readonly columns: number; readonly rows: number }
  draw(lines: readonly DrawnLine[]): void
  /** Forgets what is there, so that the next frame is sent whole. */
  forget(): void
  /** Gives the terminal back to the shell until the command is put into the foreground again. */
  suspend(): void
  leave(): void
}

/** Alternate screen, no cursor, and no wrapping: a character that is wider than was thought moves nothing to another line. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'
const CLEAR = '\x1b[0m\x1b[2J'
const BEGIN_FRAME = '\x1b[?2026h'
const END_FRAME = '\x1b[?2026l'
const REST_OF_LINE = '\x1b[K'

const END_SIGNALS: readonly EndSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** Some terminals say that they have no columns. */
const USUAL = { columns: 80, rows: 24 }

export function enterFullScreen(
  { onInput, onRedraw, onEnd }: FullScreenOptions,
  input: ReadStream = process.stdin,
  output: WriteStream = process.stdout,
): FullScreen {
  let drawn: readonly DrawnLine[] = []
  let isOurs = false
  let hasLeft = false

  const take = () => {
    if (isOurs || hasLeft) return
    isOurs = true
    drawn = []
    if (input.isTTY) input.setRawMode(true)
    output.write(ENTER + CLEAR)
  }
  const give = () => {
    if (!isOurs) return
    isOurs = false
    if (input.isTTY) input.setRawMode(false)
    output.write(LEAVE)
  }
  const back = () => {
    if (isOurs || hasLeft) return
    if (!process.listeners('SIGTSTP').includes(stop)) process.on('SIGTSTP', stop)
    take()
    process.emit('SIGWINCH', 'SIGWINCH') // a window that was resized meanwhile has told the shell alone
    onRedraw()
  }
  const stop = () => {
    if (!isOurs) return
    give()
    process.off('SIGTSTP', stop) // without a listener the signal does what it always does
    process.kill(process.pid, 'SIGTSTP')
    setTimeout(back, 0).unref() // nobody stops a process that has no shell
  }
  /** Whoever stopped us without asking left the terminal to a shell, which has made it its own. */
  const continued = () => {
    if (isOurs && input.isTTY) input.setRawMode(false)
    isOurs = false
    back()
  }
  const resized = () => {
    drawn = []
    if (isOurs) output.write(CLEAR)
    onRedraw()
  }
  const typed = (bytes: string) => onInput(bytes)
  const gone = () => onEnd('SIGHUP')
  const ends = END_SIGNALS.map((signal) => ({ signal, listener: () => onEnd(signal) }))

  for (const { signal, listener } of ends) process.on(signal, listener)
  process.on('SIGTSTP', stop)
  process.on('SIGCONT', continued)
  process.on('exit', give)
  process.on('uncaughtExceptionMonitor', give) // before its message is printed
  output.on('resize', resized)
  output.on('error', gone)
  // Without a keyboard, as with `</dev/null`, it is a board to be looked at.
  if (input.isTTY) input.setEncoding('utf8').on('data', typed).on('end', gone).on('error', gone)
  take()

  return {
    get size() {
      return { columns: output.columns || USUAL.columns, rows: output.rows || USUAL.rows }
    },
    draw(lines) {
      // A terminal that does not keep up gets the next frame instead.
      if (!isOurs || output.writableNeedDrain) return
      const changes = changedLines(drawn, lines, output.columns || USUAL.columns)
      drawn = lines
      if (changes !== '') output.write(BEGIN_FRAME + changes + END_FRAME)
    },
    forget: resized,
    suspend: () => process.kill(0, 'SIGTSTP'), // all that the shell started together, as the terminal itself would
    leave() {
      give()
      hasLeft = true
      for (const { signal, listener } of ends) process.off(signal, listener)
      process.off('SIGTSTP', stop).off('SIGCONT', continued).off('exit', give).off('uncaughtExceptionMonitor', give)
      output.off('resize', resized).off('error', gone)
      if (input.isTTY) input.off('data', typed).off('end', gone).off('error', gone).pause()
    },
  }
}

/** Each changed line where it belongs; a full one ends where erasing what is behind it would take its last character. */
function changedLines(before: readonly DrawnLine[], after: readonly DrawnLine[], columns: number): string {
  const count = Math.max(before.length, after.length)
  return Array.from({ length: count }, (_, i) => {
    const { text, width } = after[i] ?? { text: '', width: 0 }
    if (text === before[i]?.text) return ''
    return `\x1b[${i + 1};1H${text}${width < columns ? REST_OF_LINE : ''}`
  }).join('')
}
