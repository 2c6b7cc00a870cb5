/** What `?` shows: the keys, and what the columns mean. */
import { type Line, textLine } from './line.ts'

const KEYS: readonly (readonly [key: string, what: string])[] = [
  ['↑ ↓  k j', 'mark a queue or a task'],
  ['Enter', 'open it: what a queue does, why a task stands so'],
  ['Esc', 'back'],
  ['p', 'pause the marked queue, or resume it; it asks first'],
  ['+  -', 'look less often, or more often'],
  ['Space', 'look now'],
  ['q  Ctrl-C', 'leave; Ctrl-Z: for now, fg comes back'],
]

const MEANINGS: readonly string[] = [
  'RUN     claimed by a worker; 2+3: two run, three wait for these',
  'DONE/M  ended well within the last minute; FAIL/M: did not',
  '20k+    or more   ~25k  about   ‖  paused',
]

export function keyLines(width: number): Line[] {
  return [
    [],
    ...KEYS.map(([key, what]): Line => [{ text: `  ${key.padEnd(11)}`, style: 'bold' }, { text: what }]),
    [],
    ...MEANINGS.map((line) => textLine(`  ${line}`, width)),
  ]
}
