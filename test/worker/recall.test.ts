/**
 * A runner is recalled in the moment between its question whether it may go on and the start that it writes then. That moment is
 * short; here the runner sleeps in it.
 */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readInheritance } from '../../src/worker/inheritance.ts'
import type { Command } from '../../src/worker/program-runner.ts'
import { Runner } from '../../src/worker/runner.ts'
import { Several } from '../../src/worker/several.ts'
import { SlotFiles } from '../../src/worker/slot-files.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'
import { waitFor } from '../helpers/processes.ts'
import { claimed } from './claimed-task.ts'

const SLOW_TO_BEGIN = `#!/bin/sh
exec 4<&0
mkfifo told
sed -u 's/^_a() {/_a() { sleep 0.1;/' <&4 >told 3>&- 4<&- &
exec sh <told 4<&-
`
const SIGN = '#!/bin/sh\necho "$TASK_ID" >>begun\n'
const TASKS = [1, 2, 3, 4].map((id) => claimed({ id, claimToken: id }))

test('the worker takes back only what does not begin', async (t) => {
  const { several, commands, begun, returned } = await slowRunner(t)

  const running = several.run(commands)
  await waitFor(() => begun().length === 2, { what: 'the second to begin' })
  several.recall()
  const ended = await running

  assert.deepEqual(
    ended.map(({ task }) => task.id),
    begun(),
  )
  assert.deepEqual([...begun(), ...returned], [1, 2, 3, 4])
})

test('of a dead worker nothing is taken for certain that does begin', async (t) => {
  const { several, commands, begun, state } = await slowRunner(t)

  const running = several.run(commands)
  await waitFor(() => begun().length === 2, { what: 'the second to begin' })
  const [inherited] = readInheritance(state)
  const isCertain = inherited?.attempts.at(-1)?.isUnderWay === true
  await running

  assert.ok(!isCertain || begun().length === inherited?.attempts.length)
})

async function slowRunner(t: TestContext) {
  const directory = temporaryDirectory(t)
  const state = join(directory, 'state')
  const [shell, sign] = [join(directory, 'slow-sh'), join(directory, 'sign')]
  mkdirSync(state)
  for (const [path, text] of [
    [shell, SLOW_TO_BEGIN],
    [sign, SIGN],
  ] as const) {
    writeFileSync(path, text)
    chmodSync(path, 0o755)
  }
  const files = new SlotFiles(state, 0)
  afterwards(t, () => files.remove())
  const environment = { PATH: process.env.PATH ?? '' }
  const runner = await Runner.start(files, { environment, projectDirectory: directory, installation: 'test' }, shell)
  afterwards(t, () => runner.close())
  const returned: number[] = []
  const commands = TASKS.map(
    ({ id, claimToken }): Command => ({ id, claimToken, attempt: 1, words: [sign], param: 'x', assignments: '' }),
  )
  return {
    state,
    returned,
    commands,
    several: new Several(TASKS, runner, files, {
      onRunning: () => {},
      onReturned: (tasks) => returned.push(...tasks.map(({ id }) => id)),
    }),
    begun: () => {
      const list = join(directory, 'begun')
      return existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean).map(Number) : []
    },
  }
}
