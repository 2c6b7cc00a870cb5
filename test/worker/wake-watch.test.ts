/** The wake file: who is told by it, and what cannot be done with it. Where it fails, nobody notices. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { wakeFile, wakeWorkers } from '../../src/queue/wake-file.ts'
import { WakeWatch } from '../../src/worker/wake-watch.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'
import { waitFor } from '../helpers/processes.ts'

test('every worker that watches is told, and what the file is makes it safe to leave to others', async (t) => {
  const { file, watch } = place(t)
  const [one, other] = [watch(), watch()]

  await one.isTold()
  await other.isTold()

  assert.deepEqual([statSync(file).mode & 0o777, statSync(file).size], [0o622, 0])
})

test('the file goes with the worker that made it, and another one that watches makes it anew', async (t) => {
  const { file, watch } = place(t)
  const [maker, other] = [watch(), watch()]
  await other.isTold()

  maker.end()

  assert.equal(existsSync(file), false)
  await other.isTold()
})

test('a file that is deleted or replaced is watched again', async (t) => {
  const { file, watch } = place(t)
  const worker = watch()
  await worker.isTold()

  rmSync(file)
  await worker.isTold()
  writeFileSync(`${file}.new`, '')
  renameSync(`${file}.new`, file)
  await worker.isTold()
})

test('what stands in a file, has a second name, or is behind a link, is never emptied', (t) => {
  const { file, directory } = place(t)
  const victim = join(directory, 'victim')

  writeFileSync(file, 'precious')
  wakeWorkers(file)
  assert.equal(readFileSync(file, 'utf8'), 'precious')

  rmSync(file)
  writeFileSync(victim, 'precious')
  linkSync(victim, file)
  wakeWorkers(file)
  rmSync(file)
  symlinkSync(victim, file)
  wakeWorkers(file)
  assert.equal(readFileSync(victim, 'utf8'), 'precious')
})

test('a link in its place is not watched, nor what it leads to', async (t) => {
  const { file, directory, watch } = place(t)
  const target = join(directory, 'target')
  writeFileSync(target, '')
  symlinkSync(target, file)
  const worker = watch()
  const later = watch(join(directory, 'later'))

  wakeWorkers(target)
  await later.isTold() // the system tells in the order of the changes

  assert.equal(worker.told(), 0)
  rmSync(file)
  await worker.isTold()
})

test('nobody is troubled where there is no file, no directory, or something else of that name', (t) => {
  const { directory } = place(t)
  mkdirSync(join(directory, 'a-directory'))
  const readOnly = join(directory, 'read-only')
  writeFileSync(readOnly, '')
  chmodSync(readOnly, 0o444)

  for (const file of [join(directory, 'none'), join(directory, 'no/where'), join(directory, 'a-directory'), readOnly])
    wakeWorkers(file)
  const watch = new WakeWatch(join(directory, 'no/where'), () => assert.fail('there is nothing to tell'))
  watch.keep()
  watch.end()
})

test('the file is another one for every queue and every database', () => {
  const files = [wakeFile('one', 'a'), wakeFile('one', 'b'), wakeFile('two', 'a'), wakeFile('one', 'exec:a/b')]

  assert.equal(new Set(files).size, 4)
  for (const file of files) assert.match(file, /\/cron-mission-[0-9a-f]{16}\.wake$/)
})

function place(t: TestContext) {
  const directory = temporaryDirectory(t)
  const file = join(directory, 'queue.wake')
  const watch = (path = file) => {
    let told = 0
    const watching = new WakeWatch(path, () => told++)
    afterwards(t, () => watching.end())
    watching.keep()
    return {
      end: () => watching.end(),
      told: () => told,
      /** As a worker does it: it looks after the file now and then; the others add tasks. */
      isTold: async () => {
        const before = told
        const isMore = () => {
          watching.keep()
          wakeWorkers(path)
          return told > before
        }
        await waitFor(isMore, { what: 'the worker to be told' })
      },
    }
  }
  return { directory, file, watch }
}
