/**
 * A slot with a warm program, for tests of what becomes of its tasks.
 *
 * The program does what each of its tasks says: the parameter is a piece of shell, without quotes.
 *
 *     echo hello >&2; say 0      it prints a line and answers
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { sessionMembers } from '../../src/host/processes.ts'
import type { ClaimedTask } from '../../src/queue/store/claimed-task.ts'
import type { AttemptResult, AttemptSettings } from '../../src/worker/attempt.ts'
import { Programs } from '../../src/worker/program.ts'
import { Slot } from '../../src/worker/slot.ts'
import { DEFAULT_WARM_LIMITS, type WarmLimits } from '../../src/worker/warm-limits.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'
import { claimed } from './claimed-task.ts'

export const ACTOR = `#!/bin/sh
say() { printf '{"id":%s,"exit":%s}\\n' "$id" "$1"; }
while IFS= read -r line; do
  id=\${line#*:} id=\${id%%,*}
  param=\${line#*\\"param\\":\\"} param=\${param%%\\"*}
  eval "$param"
done
`

/** It tells its pid. */
export const PID = 'echo $$ >&2; say 0'

export interface WarmSlot {
  readonly slot: Slot
  readonly directory: string
  /** As the worker does: what a slot must settle before the next task is settled. */
  run(param: string, task?: Partial<ClaimedTask>): Promise<AttemptResult>
  /** Writes another program into the tasks directory, or this one anew. */
  write(name: string, script: string, mode?: number): void
  /** Every process of every session that the slot has started. */
  processes(): number[]
}

export function warmSlot(
  t: TestContext,
  settings: Partial<Omit<AttemptSettings, 'warmLimits'>> & { readonly limits?: Partial<WarmLimits> } = {},
): WarmSlot {
  const directory = temporaryDirectory(t)
  const state = join(directory, 'state')
  const { limits, ...given } = settings
  mkdirSync(join(directory, 'tasks'))
  mkdirSync(state)
  const slot = new Slot(state, 0, {
    workerId: 1,
    installation: 'test',
    terms: { retry: 'none', crash: 'retry' },
    timeoutMs: undefined,
    graceMs: 200,
    projectDirectory: directory,
    environment: process.env as Record<string, string>,
    programs: new Programs(join(directory, 'tasks')),
    warmLimits: { ...DEFAULT_WARM_LIMITS, ...limits },
    ...given,
  })
  afterwards(t, () => slot.close(true))
  const sessions = new Set<number>()
  let id = 0
  const journal = join(state, 'slot-0.journal')
  const noteSessions = () => {
    const text = existsSync(journal) ? readFileSync(journal, 'latin1') : ''
    for (const [, pid] of text.matchAll(/^S \d+ \d+ \d+ \d+ \d+ (\d+)$/gm)) sessions.add(Number(pid))
  }
  const write = (name: string, script: string, mode = 0o755) => {
    writeFileSync(join(directory, 'tasks', name), script)
    chmodSync(join(directory, 'tasks', name), mode)
  }
  write('program.warm', ACTOR)
  return {
    slot,
    directory,
    write,
    async run(param, task = {}) {
      const result = await slot.run(claimed({ id: ++id, claimToken: id, param, ...task }))
      const { output } = result
      const kept =
        output.kind === 'bytes'
          ? { ...result, output: { kind: 'bytes', bytes: Buffer.from(output.bytes) } as const }
          : result
      noteSessions()
      if (slot.needsSettling(output)) await slot.settle()
      return kept
    },
    processes() {
      noteSessions()
      return [...sessions].flatMap(sessionMembers)
    },
  }
}

export function printed({ output }: AttemptResult): string {
  return output.kind === 'bytes' ? output.bytes.toString() : ''
}

/** What is stored as the row's error, but for the end of its output. */
export function problemOf({ outcome }: AttemptResult): string {
  return outcome.kind === 'misanswered' ? outcome.problem : `no misanswer: ${JSON.stringify(outcome)}`
}
