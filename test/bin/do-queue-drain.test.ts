import assert from 'node:assert/strict'
import test from 'node:test'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { queueProject } from './queue-project.ts'

const TRIES = 6
const ROWS = 400

for (const database of DATABASES) {
  test(`a worker that is asked to leave at any moment leaves at once, and every row is whole (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(...Array.from({ length: ROWS }, () => ({ task: 'say', param: 'x' })))

    for (let i = 0; i < TRIES; i++) {
      const before = project.events('task-done').length
      const worker = project.start('do-queue', ['--concurrency', '4', '--quiet'])
      // Right after the first results, when the next claim is likely to be under way.
      await waitFor(() => project.events('task-done').length > before, { what: 'the first program to end' })
      worker.kill('SIGTERM')
      const { code, stderr } = await worker.exited

      assert.deepEqual([code, stderr], [0, ''])
      await project.nothingIsLeft()
      const rows = await project.rows()
      assert.deepEqual([...new Set(rows.map(({ status, attempts }) => `${status} ${attempts}`))].toSorted(), [
        'done 1',
        'ready 0',
      ])
    }
  })
}
