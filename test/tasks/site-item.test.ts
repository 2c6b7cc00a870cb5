import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectDirectory, runTask } from './run-task.ts'

const skip = spawnSync('php', ['-v']).status === 0 ? false : 'php is not installed'
const POINTS = { worker: 'member', class: 'Points', params: { uid: 4, points: 10 } }

test('site-item does what the worker and the class of an item say', { skip }, async (t) => {
  const project = projectDirectory(t)

  const run = await runTask('site-item.php', JSON.stringify(POINTS), project)

  assert.deepEqual(run, { code: 0, stdout: '10 points for user 4\n', stderr: '' })
  const written = JSON.parse(readFileSync(join(project, 'points.log'), 'utf8'))
  assert.deepEqual(written, { key: 'key-17', uid: 4, points: 10 })
})

test('site-item says what cannot be done, and whether it may be tried again', { skip }, async (t) => {
  const project = projectDirectory(t)
  const codes: (number | null)[] = []
  for (const [item, reason] of [
    ['no JSON', /nobody here works for ""/],
    [
      JSON.stringify({ ...POINTS, class: 'Level' }),
      /nobody here works for "member\/Level". It is one of member\/Points\./,
    ],
    [JSON.stringify({ ...POINTS, params: { uid: 'x' } }), /both whole numbers/],
  ] as const) {
    const { code, stderr } = await runTask('site-item.php', item, project)
    assert.match(stderr, reason)
    codes.push(code)
  }
  const full = await runTask('site-item.php', JSON.stringify(POINTS), project, { POINTS: join(project, 'gone/points') })

  assert.deepEqual([...codes, full.code], [65, 65, 65, 1])
})
