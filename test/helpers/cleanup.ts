/**
 * What a test leaves behind when it ends, passed or failed: nothing.
 *
 * `t.after` runs its steps in the order they were given, so a directory made first would be removed while the program
 * started second still writes to it. `afterwards` runs them last first, like closing brackets.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

type Step = () => unknown

const PREFIX = 'cron-mission-test-'

const stepsOf = new WeakMap<TestContext, Step[]>()

/** Runs `step` when the test ends: after the test's own body, before the steps given earlier. */
export function afterwards(t: TestContext, step: Step): void {
  const known = stepsOf.get(t)
  if (known !== undefined) {
    known.push(step)
    return
  }
  const steps = [step]
  stepsOf.set(t, steps)
  t.after(() => runLastFirst(steps))
}

/** Every step runs, even when one before it failed; the first failure is the one told. */
async function runLastFirst(steps: Step[]): Promise<void> {
  const failures: unknown[] = []
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

/** A directory of this test's own, removed with everything in it when the test ends. */
export function temporaryDirectory(t: TestContext): string {
  const directory = makeDirectory()
  afterwards(t, () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}

/** A fresh directory that somebody else removes. */
export function makeDirectory(): string {
  return mkdtempSync(join(tmpdir(), PREFIX))
}
