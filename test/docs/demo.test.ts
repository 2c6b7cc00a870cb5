import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { temporaryDirectory } from '../helpers/cleanup.ts'
import { markedProcesses } from '../helpers/marked.ts'
import { type Ended, runProgram, startProgram, waitFor } from '../helpers/processes.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const DEMO = ['docs/demo.ts']
const MARK = 'CRON_MISSION_TEST_DEMO'

test('a demo that is interrupted leaves nothing running, and the next one works all of its tasks', async (t) => {
  const cwd = clone(t)
  const mark = randomBytes(8).toString('hex')
  const options = { cwd, env: { [MARK]: mark }, t }
  const first = startProgram(process.execPath, DEMO, options)
  await waitFor(() => first.stdout.includes('started default × 4'), { timeoutMs: 30_000, what: 'the first tick' })

  first.kill('SIGINT')
  const { code, stderr } = await first.exited

  assert.equal(code, 130)
  assert.match(stderr, /^demo: ended by SIGINT; its workers are stopped\.$/m)
  await waitFor(() => markedProcesses(MARK, mark).length === 0, { what: 'the last programs to end' })

  const second = await runProgram(process.execPath, DEMO, { ...options, timeoutMs: 60_000 })

  assertWorked(second)
  assert.deepEqual(markedProcesses(MARK, mark), [])
  assert.ok(existsSync(join(cwd, '.demo/backups/images')))
})

test('the demo of a clone that is not built says what to run', async (t) => {
  const cwd = clone(t, { built: false })

  const { code, stdout, stderr } = await runProgram(process.execPath, DEMO, { cwd, t })

  assert.equal(code, 78)
  assert.equal(stdout, '')
  assert.match(stderr, /^demo: The commands are not built yet\. Run npm run build\.$/m)
})

/** The project's own directory may have a demo under way; a clone has a .demo/ of its own. */
function clone(t: TestContext, { built = true } = {}): string {
  const directory = temporaryDirectory(t)
  for (const name of ['package.json', 'node_modules', 'src', 'tasks', 'schedule.ts', ...(built ? ['dist'] : [])])
    symlinkSync(join(ROOT, name), join(directory, name))
  cpSync(join(ROOT, 'docs'), join(directory, 'docs'), { recursive: true })
  return directory
}

/** As a table of name, tasks, done, retried, failed: of the payments a third is retried, and one is not wanted at all. */
function assertWorked({ code, stdout, stderr }: Ended): void {
  const rows = stdout.matchAll(/^ {2}(\S+) +(\d+) +(\d+) +(\d+) +(\d+)$/gm)
  const table = new Map([...rows].map(([, name, ...cells]) => [name, cells.map(Number)]))

  assert.equal(code, 0, stdout + stderr)
  assert.deepEqual([...table.keys()], ['default', 'nightly', 'payments', 'sync-orders', 'all'])
  assert.deepEqual(table.get('payments'), [24, 23, 8, 1])
  const [tasks = 0, done = 0] = table.get('all') ?? []
  assert.ok(tasks > 300)
  assert.equal(done, tasks - 1)
  assert.match(stdout, /^\d+\.\d s, \d+ tasks per second, by \d+ workers\.$/m)
}
