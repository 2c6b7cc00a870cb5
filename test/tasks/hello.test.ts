import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectDirectory, runTask } from './run-task.ts'

test('hello greets with its parameter, whatever characters it has, and the id of its task', async (t) => {
  const project = projectDirectory(t)
  const param = `-n %s $(exit 3) \\n "é"\n'`

  const run = await runTask('hello', param, project)

  assert.deepEqual(run, { code: 0, stdout: `hello, ${param} (task 17)\n`, stderr: '' })
})

test('hello greets the world without a parameter', async (t) => {
  const project = projectDirectory(t)

  const run = await runTask('hello', '', project)

  assert.equal(run.stdout, 'hello, world (task 17)\n')
})
