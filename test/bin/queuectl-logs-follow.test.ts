import assert from 'node:assert/strict'
import test from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { logsProject } from './logs-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const BEGIN = 'one\0\n'

for (const database of DATABASES) {
  test(`a task is followed from before it begins to its last byte, past the move of its output (${database.name})`, async (t) => {
    const project = await logsProject(t, database)
    const [small, large] = await project.insert({ task: 'steps', param: '200000' }, { task: 'steps', param: '2000000' })
    const followers = [project.logs('-f', `${small}`), project.logs('--follow', `${large}`)]
    const worker = project.start('do-queue', ['--concurrency', '2', '--quiet'])
    const all = () => followers.map(({ bytes }) => bytes.toString())
    await waitFor(() => all().every((text) => text === BEGIN), { what: 'what they print first' })

    const soFar = await project.printed(`${small}`)
    const json = JSON.parse((await project.printed(`${small}`, '--json')).bytes.toString())
    project.release('go')
    const ended = await Promise.all(followers.map(({ exited }) => exited))
    await worker.exited

    assert.equal(soFar.bytes.toString(), BEGIN)
    assert.deepEqual([json.attempt, json.offset, json.bytes, json.text], [1, 0, BEGIN.length, BEGIN])
    assert.match(json.path, /\/worker-\w+-\d+\/slot-\d\.out$/)
    assert.deepEqual(
      ended.map(({ code, stderr }) => [code, stderr]),
      [
        [0, ''],
        [0, ''],
      ],
    )
    const rows = await project.rows()
    assert.deepEqual(
      rows.map(({ logBytes }) => logBytes),
      [BEGIN.length + 200_000, BEGIN.length + 2_000_000],
    )
    for (const [i, row] of rows.entries()) assert.ok(followers[i]?.bytes.equals(project.output(row)))
    assert.match(rows[1]?.logFile ?? '', /\.out$/)
  })
}

test('tasks that follow each other in one slot: every follower has its own bytes, each once', async (t) => {
  const project = await logsProject(t, sqlite)
  const ids = await project.insert({ task: 'drip' }, { task: 'drip' }, { task: 'exit' }, { task: 'drip' })
  const followers = ids.map((id) => project.logs('-f', `${id}`))

  await project.start('do-queue', ['--quiet']).exited
  await Promise.all(followers.map(({ exited }) => exited))

  for (const [i, id] of ids.entries()) {
    const lines = i === 2 ? [] : Array.from({ length: 200 }, (_, line) => `${id}: line ${line}\n`)
    assert.equal(followers[i]?.bytes.toString(), lines.join(''))
  }
})

test('a task that waits for another attempt: that one is followed, also when it is over in a moment', async (t) => {
  const project = await logsProject(t, sqlite)
  const [id] = await project.insert({ task: 'fail', retry: '1h' })
  await project.run('do-queue', ['--quiet'])
  const follower = project.logs('-f', `${id}`)
  await waitFor(async () => (await project.printed(`${id}`)).code === 0, { what: 'the follower to have begun' })
  await project.run('queuectl', ['retry', `${id}`])

  await project.run('do-queue', ['--quiet'])
  const { code } = await follower.exited

  assert.deepEqual([code, follower.bytes.toString()], [0, `attempt 2 of task ${id}\n`])
})

test('a worker is killed: its task is followed until whoever takes it over has booked it', async (t) => {
  const project = await logsProject(t, sqlite)
  const [id] = await project.insert({ task: 'steps', param: '3000' })
  const worker = project.start('do-queue', ['--quiet'])
  const follower = project.logs('-f', `${id}`)
  await waitFor(() => follower.bytes.toString() === BEGIN, { what: 'what it prints first' })

  worker.kill('SIGKILL')
  await worker.exited
  project.release('go')
  await waitFor(async () => (await project.printed(`${id}`)).bytes.length === BEGIN.length + 3_000, {
    what: 'the rest',
  })
  const next = project.start('do-queue', ['--quiet', '--watch'])
  await follower.exited
  next.kill('SIGTERM')
  await next.exited

  assert.equal(follower.bytes.length, BEGIN.length + 3_000)
  assert.ok(follower.bytes.equals(project.output(await project.row(id))))
})

test('Ctrl-C ends it as it ends any command, and says nothing', async (t) => {
  const project = await logsProject(t, sqlite)
  const [id] = await project.insert({ task: 'steps' })
  const worker = project.start('do-queue', ['--quiet'])
  const follower = project.logs('-f', `${id}`)
  await waitFor(() => follower.bytes.toString() === BEGIN, { what: 'what it prints first' })

  follower.kill('SIGINT')
  const { signal, stderr } = await follower.exited
  project.release('go')
  await worker.exited

  assert.deepEqual([signal, stderr], ['SIGINT', ''])
})
