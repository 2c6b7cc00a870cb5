import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { makeProject } from '../../helpers/processes.ts'
import { assertRefused } from './refused.ts'
import { type RefusedSetting, SETTINGS } from './settings.ts'

test('what is refused in a project of one setting, or of one file', { concurrency: 4 }, async (t) => {
  await Promise.all(
    SETTINGS.map((one) => t.test(`${JSON.stringify(one.set ?? one.files)}: ${one.says}`, (t) => refusedIn(t, one))),
  )
})

async function refusedIn(t: TestContext, { set = {}, files = {}, run = 'do-queue', ...one }: RefusedSetting) {
  const project = makeProject(t, Object.keys(set).length > 0 ? { env: set } : {})
  for (const [name, text] of Object.entries(files)) {
    if (name.endsWith('/')) mkdirSync(project.path(name))
    else writeFileSync(project.path(name), text)
  }
  const { stderr } = await assertRefused(t, { ...one, run }, project)

  assert.doesNotMatch(stderr, /secret|s3c|50%off/) // a password
}
