/** What a worker that stays leaves on its host: a wake file while it is there. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { installationName } from '../../src/queue/migrate.ts'
import { wakeFile } from '../../src/queue/wake-file.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { queueProject } from './queue-project.ts'

for (const database of DATABASES) {
  test(`a worker that stays makes a wake file, and takes it away when it leaves; another one makes none (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const file = wakeFile(await installationName(project.db), 'default')
    await project.run('do-queue')
    assert.equal(existsSync(file), false)

    const worker = project.start('do-queue', ['--watch'])
    await waitFor(() => existsSync(file), { what: 'the wake file' })
    worker.kill('SIGTERM')
    await worker.exited

    assert.equal(existsSync(file), false)
    await project.nothingIsLeft()
  })
}
