/** The disk that holds the SQLite file is full: nothing that a program did is forgotten, and nothing is run twice. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'
import { CANNOT_MOUNT, everyTaskRanOnce, nothingIsLost, type SmallDisk, saidWhy, smallDisk } from './small-disk.ts'

const FULL = /The disk that holds \/.+\/queue\.db is full\. Free some space/

const slow = `#!/bin/sh
echo "$TASK_ID" >>runs
echo $$ >"started.$TASK_ID"
while [ ! -e go ]; do sleep 0.02; done
echo "output of $TASK_ID"
`

test('a full database lets nothing be claimed or run, and all run when there is room', async (t) => {
  const { project, disk } = await projectOnSmallDisk(t)
  if (disk === undefined) return t.skip(CANNOT_MOUNT)
  await project.insert(...Array.from({ length: 20 }, () => ({ task: 'tally' })))
  disk.fill()

  saidWhy(await project.start('do-queue').exited, 69, FULL)

  assert.deepEqual(await nothingIsLost(project), { done: 0, ready: 20 })
  disk.free()
  await everyTaskRanOnce(project)
})

test('what ended while the database was full is booked from the journal when there is room, and not run again', async (t) => {
  const { project, disk } = await projectOnSmallDisk(t)
  if (disk === undefined) return t.skip(CANNOT_MOUNT)
  const ids = await project.insert(
    ...Array.from({ length: 3 }, () => ({ task: 'slow' })),
    ...Array.from({ length: 100 }, () => ({ task: 'tally' })),
  )
  const worker = project.start('do-queue', ['--concurrency', '3'])
  await Promise.all(ids.slice(0, 3).map((id) => project.started(id)))

  disk.fill()
  project.release('go')
  saidWhy(await worker.exited, 69, FULL)

  disk.free()
  await everyTaskRanOnce(project)
  for (const id of ids.slice(0, 3)) assert.equal(project.output(await project.row(id)).toString(), `output of ${id}\n`)
})

async function projectOnSmallDisk(
  t: TestContext,
): Promise<{ readonly project: QueueProject; readonly disk: SmallDisk | undefined }> {
  const directory = join(temporaryDirectory(t), 'database')
  const disk = smallDisk(t, directory)
  const database = { name: 'sqlite', create: async () => ({ url: `sqlite:${join(directory, 'queue.db')}` }) } as const
  return { project: await queueProject(t, database, { tasks: { slow } }), disk }
}
