import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { makeProject, runBin } from '../../helpers/processes.ts'
import { COMMAND_LINES, SCHEDULE, STANDARD_INPUT } from './command-lines.ts'
import { assertRefused, nameOf } from './refused.ts'

test('what is refused in a project where all is well', { concurrency: 4 }, async (t) => {
  const project = makeProject(t, { schedule: SCHEDULE })
  writeFileSync(project.path('binary'), Buffer.from([0xff, 0xfe]))
  await runBin('queuectl', ['migrate'], { cwd: project.directory, t })

  await Promise.all(
    [...COMMAND_LINES, ...STANDARD_INPUT].map((one) =>
      t.test(nameOf(one), async (t) => void (await assertRefused(t, one, project))),
    ),
  )
})
