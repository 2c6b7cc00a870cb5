/** A worker whose terminal is closed under it. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allGone, queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { startProgram, waitFor } from '../helpers/processes.ts'

const [sqlite] = DATABASES as readonly [Database]

const DO_QUEUE = join(import.meta.dirname, '../../dist/bin/do-queue.js')
/** Outlasts the terminal by a few times that the progress would have been drawn on it. */
const slow = '#!/bin/sh\necho $$ >"started.$TASK_ID"\nwhile [ ! -e go ]; do sleep 0.02; done\nsleep 0.5\n'
/** Of util-linux: runs a command on a terminal of its own. */
const SCRIPT = '/usr/bin/script'

test('a worker whose terminal is closed drains: the program is seen to its end and the rest is given back', async (t) => {
  if (!existsSync(SCRIPT)) return t.skip(`there is no ${SCRIPT}`)
  const project = await queueProject(t, sqlite, { tasks: { slow } })
  const [running, waiting, behind] = await project.insert({ task: 'slow' }, { task: 'tally' }, { task: 'tally' })
  const command = `exec '${process.execPath}' '${DO_QUEUE}'`
  const terminal = startProgram(SCRIPT, ['-q', '-c', command, '/dev/null'], { cwd: project.directory, t })
  const pids = await project.started(running)
  await waitFor(async () => (await project.row(waiting)).status === 'running', { what: 'the second row to be claimed' })

  terminal.kill('SIGKILL')
  await waitFor(() => project.events('drain').length > 0, { what: 'the worker to drain' })
  project.release('go')
  await waitFor(() => project.events('worker-end').length > 0, { what: 'the end of the worker' })

  const [, , worker] = project.events('worker-end')[0]?.split(' ') ?? []
  await allGone([...pids, Number(worker)])
  await project.nothingIsLeft()
  assert.match(project.events('drain').join(), /reason=SIGHUP running=1 given-back=1$/)
  const rows = [running, waiting, behind].map((id) => project.row(id))
  assert.deepEqual(
    (await Promise.all(rows)).map(({ status, attempts }) => `${status} ${attempts}`),
    ['done 1', 'ready 0', 'ready 0'],
  )
})

test('a worker whose output nobody reads any more goes on to the end', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert(...Array.from({ length: 20 }, () => ({ task: 'tally', param: 'x' })))
  const worker = `'${process.execPath}' '${DO_QUEUE}'`
  const command = `${worker} --limit 10 | true; ${worker} >&- 2>&-`

  const { stderr } = await startProgram('sh', ['-c', command], { cwd: project.directory, t }).exited

  assert.equal(stderr, '')
  assert.deepEqual(new Set(await project.states()), new Set(['done']))
  assert.equal(project.lines('runs').length, 20)
})
