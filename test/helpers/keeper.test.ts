import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeDirectory, temporaryDirectory } from './cleanup.ts'
import { keep } from './keeper.ts'
import { isAlive } from './marked.ts'
import { startProgram, waitFor } from './processes.ts'

test('a kept program runs with its output in a file and nothing on stdin', async (t) => {
  const log = join(temporaryDirectory(t), 'log')
  const keeper = keep(makeDirectory())
  t.after(keeper.close)

  const exit = await keeper.start('sh', ['-c', 'cat; echo "$0 out"; echo err >&2; exit 3', 'a b'], { output: log })
    .exited

  assert.deepEqual(exit, { code: 3, signal: null })
  assert.equal(readFileSync(log, 'utf8'), 'a b out\nerr\n')
})

test('closing a keeper ends its programs, their children too, and removes its directory', async () => {
  const directory = makeDirectory()
  const log = join(directory, 'log')
  const keeper = keep(directory)
  const { pid } = keeper.start('sh', ['-c', "trap '' TERM; sleep 60 & echo $!; wait"], { output: log })
  const child = Number(await waitFor(() => existsSync(log) && readFileSync(log, 'utf8').trim(), { what: 'the child' }))

  await keeper.close()

  await waitFor(() => !isAlive(child), { what: 'the end of the child' })
  assert.ok(!isAlive(pid))
  assert.ok(!existsSync(directory))
})

for (const way of ['SIGKILL', 'SIGTERM', 'an uncaught error', 'process.exit'] as const) {
  test(`what a process kept is gone when it ends by ${way}`, async (t) => {
    const parent = startProgram(process.execPath, ['--input-type=module', '-e', PARENT, way], {
      cwd: import.meta.dirname,
      t,
    })
    const { pid, directory } = JSON.parse(await waitFor(() => parent.stdout, { what: 'the kept program' }))
    assert.ok(isAlive(pid))

    if (way === 'SIGKILL' || way === 'SIGTERM') parent.kill(way)

    await waitFor(() => !isAlive(pid), { what: 'the end of the kept program' })
    await waitFor(() => !existsSync(directory), { what: 'the removal of its directory' })
    await parent.exited
  })
}

const PARENT = `
  import { makeDirectory } from './cleanup.ts'
  import { keep } from './keeper.ts'
  const directory = makeDirectory()
  const { pid } = keep(directory).start('sleep', ['60'], { output: 'inherit' })
  console.log(JSON.stringify({ pid, directory }))
  await new Promise((resolve) => setTimeout(resolve, 300))
  if (process.argv[1] === 'process.exit') process.exit(0)
  if (process.argv[1] === 'an uncaught error') throw new Error('on purpose')
`
