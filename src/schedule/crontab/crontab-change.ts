/**
 * What `install` and `uninstall` do to a crontab: a pure function from the lines there are to those there will be.
 *
 * Only lines that bear our mark and this project's directory are ever touched.
 */
import { type CrontabLine, readCrontab } from './crontab-text.ts'
import type { TickLine } from './tick-line.ts'

export interface CrontabChange {
  readonly kind: 'none' | 'added' | 'replaced' | 'removed'
  readonly lines: readonly CrontabLine[]
  readonly removed: readonly CrontabLine[]
  readonly added: readonly CrontabLine[]
}

/**
 * @param ours  the lines of this project that bear our mark
 * @param text  the line that is to be there, once
 */
export function withTickLine(lines: readonly CrontabLine[], ours: readonly TickLine[], text: string): CrontabChange {
  const old = ours.map(({ line }) => line)
  const kept = old.find((line) => line.text === text)
  const removed = old.filter((line) => line !== kept)
  if (kept !== undefined) {
    const left = lines.filter((line) => !removed.includes(line))
    return { kind: removed.length === 0 ? 'none' : 'removed', lines: left, removed, added: [] }
  }
  const added = readCrontab(Buffer.from(text))
  const [first] = old
  const changed = lines.flatMap((line) => (line === first ? added : removed.includes(line) ? [] : [line]))
  if (first === undefined) return { kind: 'added', lines: [...lines, ...added], removed, added }
  return { kind: 'replaced', lines: changed, removed, added }
}

export function withoutTickLine(lines: readonly CrontabLine[], ours: readonly TickLine[]): CrontabChange {
  const removed = ours.map(({ line }) => line)
  const left = lines.filter((line) => !removed.includes(line))
  return { kind: removed.length === 0 ? 'none' : 'removed', lines: left, removed, added: [] }
}
