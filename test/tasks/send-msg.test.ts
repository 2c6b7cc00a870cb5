import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectDirectory, runTask } from './run-task.ts'

const skip = spawnSync('php', ['-v']).status === 0 ? false : 'php is not installed'

test('send-msg writes one line for each recipient, once', { skip }, async (t) => {
  const project = projectDirectory(t)

  const run = await runTask('send-msg.php', 'uid=4&uids[]=6&uids[]=4&content=Hello+%C3%A9%0Athere', project)

  assert.deepEqual(run, { code: 0, stdout: 'sent to 2 user(s)\n', stderr: '' })
  assert.deepEqual(linesOf(join(project, 'outbox/messages.log')), [
    { key: 'key-17:4', uid: '4', content: 'Hello é\nthere' },
    { key: 'key-17:6', uid: '6', content: 'Hello é\nthere' },
  ])
})

test('send-msg writes whole lines while others write', { skip }, async (t) => {
  const project = projectDirectory(t)
  const outbox = join(project, 'shared.log')
  const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(60_000))

  const runs = await Promise.all(
    contents.map((content) =>
      runTask('send-msg.php', `uid=1&uids[]=2&content=${content}`, project, { OUTBOX: outbox }),
    ),
  )

  assert.ok(runs.every((run) => run.code === 0))
  const written = linesOf(outbox).map((line) => line.content)
  assert.deepEqual(written.sort(), [...contents, ...contents].sort())
})

for (const [param, reason] of [
  ['content=hi', /There is no recipient/],
  ['uid=4', /There is no text/],
  ['uid=4&content=', /There is no text/],
  ['uid=4&content[]=hi', /There is no text/],
  ['uid=four&content=hi', /Every uid must be a whole number, but one is "four"/],
  ['uids[][x]=4&content=hi', /Every uid must be a whole number/],
  ['', /There is no recipient/],
  [`${'uids[]=4&'.repeat(1_000)}content=hi`, /more than 1000 parameters/],
] as const) {
  test(`send-msg refuses "${param.slice(0, 30)}" for good and sends nothing`, { skip }, async (t) => {
    const project = projectDirectory(t)

    const run = await runTask('send-msg.php', param, project)

    assert.equal(run.code, 65)
    assert.match(run.stderr, reason)
    assert.equal(existsSync(join(project, 'outbox')), false)
  })
}

test('send-msg asks to be tried again when the outbox cannot be written', { skip }, async (t) => {
  const project = projectDirectory(t)
  writeFileSync(join(project, 'file'), '')

  const run = await runTask('send-msg.php', 'uid=4&content=hi', project, { OUTBOX: 'file/messages.log' })

  assert.equal(run.code, 1)
  assert.match(run.stderr, /file\/messages\.log cannot be written, stopped at user 4/)
})

function linesOf(file: string): { key: string; uid: string; content: string }[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
