/** The embedded database: a file that another program holds, or that somebody moves away. */
import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'
import { type Running, waitFor } from '../helpers/processes.ts'
import { allDoneOnce, ranOnce, slow } from './database-project.ts'
import { saidWhy } from './small-disk.ts'

// Each waits most of the time.
describe('a SQLite file', { concurrency: true }, () => {
  test('that another program holds for long is waited for, and that is said once', async (t) => {
    const { project, file, worker } = await working(t)

    const holder = new DatabaseSync(file)
    afterwards(t, () => holder.isOpen && holder.close())
    holder.exec('BEGIN IMMEDIATE')
    project.release('go')
    await waitFor(() => project.events('database-lost').length > 0, { what: 'the loss to be said', timeoutMs: 20_000 })
    assert.match(project.events('database-lost').join(), /The SQLite file \/.+ was locked for 10 s on end\./)
    holder.exec('ROLLBACK')

    await allDoneOnce(project, worker, 1)
  })

  test('that another program holds for a moment is waited for without a word', async (t) => {
    const { project, file, worker } = await working(t)

    const holder = new DatabaseSync(file)
    afterwards(t, () => holder.isOpen && holder.close())
    holder.exec('BEGIN IMMEDIATE')
    project.release('go')
    await waitFor(() => project.events('task-done').length === 3, { what: 'the programs to end' })
    holder.exec('ROLLBACK')

    await allDoneOnce(project, worker, 0)
  })

  for (const what of ['file', 'directory'] as const) {
    test(`whose ${what} is moved away: the worker ends with a sentence, and what it knew is booked later`, async (t) => {
      const { project, file, worker } = await working(t)
      const moved = what === 'file' ? ['', '-wal', '-shm'].map((end) => file + end) : [dirname(file)]

      for (const path of moved) renameSync(path, `${path}.away`)
      await sleep(1_100) // where its file is, is looked at once a second
      project.release('go')
      saidWhy(await worker.exited, 69, /The SQLite file \/.+ was moved or removed while it was in use\. Put it back/)

      for (const path of moved) renameSync(`${path}.away`, path)
      const { code, stderr } = await project.run('do-queue')
      assert.deepEqual([code, stderr], [0, ''])
      await ranOnce(project)
    })
  }
})

interface Working {
  readonly project: QueueProject
  readonly file: string
  readonly worker: Running
}

/** Three programs run until the file `go` is there. */
async function working(t: TestContext): Promise<Working> {
  const file = join(temporaryDirectory(t), 'queue.db')
  const database = { name: 'sqlite', create: async () => ({ url: `sqlite:${file}` }) } as const
  const project = await queueProject(t, database, { tasks: { slow } })
  const ids = await project.insert({ task: 'slow' }, { task: 'slow' }, { task: 'slow' })
  const worker = project.start('do-queue', ['--concurrency', '3'])
  for (const id of ids) await project.started(id)
  return { project, file, worker }
}
