import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { makeProject } from '../../helpers/processes.ts'
import { QUEUECTL_SITUATIONS } from './queuectl-situations.ts'
import { assertSays } from './refused.ts'
import { SITUATIONS } from './situations.ts'
import { shell } from './stage.ts'

describe('a situation that leads to a sentence', { concurrency: 4 }, () => {
  for (const { stage, command, ...one } of [...SITUATIONS, ...QUEUECTL_SITUATIONS]) {
    test(one.says, async (t) => {
      const ended = await stage(t)

      if (ended === undefined) t.skip('it cannot be staged here')
      else assertSays(ended, command, one)
    })
  }
})

test('an error that cannot be written keeps its exit code', async (t) => {
  const { code } = await shell(t, makeProject(t).directory, 'exec 2>/dev/full', 'queuectl', 'show', 'nine')

  assert.equal(code, 64)
})
