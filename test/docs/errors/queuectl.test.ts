import { test } from 'node:test'
import { makeProject, runBin } from '../../helpers/processes.ts'
import { IMPORTED, QUEUECTL } from './queuectl.ts'
import { assertRefused, nameOf } from './refused.ts'

test('what queuectl refuses where all is well', { concurrency: 4 }, async (t) => {
  const project = makeProject(t)
  await runBin('add-task', ['hello'], { cwd: project.directory, t })

  await Promise.all(
    [...QUEUECTL, ...IMPORTED].map((one) =>
      t.test(nameOf(one), async (t) => void (await assertRefused(t, one, project))),
    ),
  )
})
