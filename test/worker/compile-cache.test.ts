/**
 * The compile cache that programs in TypeScript are given: only where it is safe, and never against somebody's own word.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { compileCache } from '../../src/worker/compile-cache.ts'
import { queueProject } from '../bin/queue-project.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'

const SAY =
  '#!/usr/bin/env node\nconst said: string = process.env.NODE_COMPILE_CACHE ?? "none"\nconsole.log("cache " + said)\n'

test('a program in TypeScript gets a directory that only its user can enter', (t) => {
  const { tasks, cache } = place(t, 'say.ts')

  assert.deepEqual(compileCache({}, tasks), { NODE_COMPILE_CACHE: cache })
  assert.equal(statSync(cache).mode & 0o777, 0o700)
})

test('other programs, and who has decided himself, get nothing', (t) => {
  const { tasks } = place(t, 'say.php')
  const typescript = place(t, 'say.mts')

  assert.deepEqual(compileCache({}, tasks), {})
  assert.deepEqual(compileCache({}, join(tasks, 'missing')), {})
  assert.deepEqual(compileCache({ NODE_COMPILE_CACHE: '/elsewhere' }, typescript.tasks), {})
  assert.deepEqual(compileCache({ NODE_DISABLE_COMPILE_CACHE: '1' }, typescript.tasks), {})
})

test('a directory that others can enter, a link, or a place where none can be made is not used', (t) => {
  const open = place(t, 'say.ts')
  mkdirSync(open.cache, { recursive: true })
  chmodSync(open.cache, 0o750)
  assert.deepEqual(compileCache({}, open.tasks), {})

  const linked = place(t, 'say.ts')
  mkdirSync(dirname(linked.cache), { recursive: true })
  symlinkSync(temporaryDirectory(t), linked.cache)
  assert.deepEqual(compileCache({}, linked.tasks), {})

  const blocked = place(t, 'say.ts')
  writeFileSync(join(process.env.HOME ?? '', '.cache'), '')
  assert.deepEqual(compileCache({}, blocked.tasks), {})
})

test('a worker gives it to its programs, unless it has one', async (t) => {
  const [sqlite] = DATABASES as [Database]
  const project = await queueProject(t, sqlite, { tasks: { 'say-cache.ts': SAY } })
  const home = temporaryDirectory(t)
  await project.insert({ task: 'say-cache' }, { task: 'say-cache' })

  await project.run('do-queue', ['--limit', '1'], { env: { HOME: home } })
  await project.run('do-queue', [], { env: { HOME: home, NODE_COMPILE_CACHE: join(home, 'own') } })

  const said = (await project.rows()).map((row) => project.output(row).toString())
  assert.deepEqual(said, [`cache ${join(home, '.cache/cron-mission/programs')}\n`, `cache ${join(home, 'own')}\n`])
})

/** A home of its own, and a tasks directory with one program. */
function place(t: TestContext, program: string): { readonly tasks: string; readonly cache: string } {
  const home = temporaryDirectory(t)
  const before = process.env.HOME
  process.env.HOME = home
  t.after(() => {
    process.env.HOME = before
  })
  const tasks = join(home, 'tasks')
  mkdirSync(tasks)
  writeFileSync(join(tasks, program), '')
  return { tasks, cache: join(home, '.cache', 'cron-mission', 'programs') }
}
