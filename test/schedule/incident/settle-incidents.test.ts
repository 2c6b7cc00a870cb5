/**
 * Who hears of a job that fails, with real databases, servers and commands.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RunEnding } from '../../../src/schedule/incident/incident.ts'
import { settleIncidents } from '../../../src/schedule/incident/settle-incidents.ts'
import type { PlannedJob } from '../../../src/schedule/language/plan.ts'
import { DATABASES, type Database } from '../../helpers/databases.ts'
import { plannedJob } from '../planned-job.ts'
import { AT, alertCommand, alertServer, backup, ending, MINUTE_MS, scene, told } from './told-scene.ts'

const [sqlite] = DATABASES as readonly [Database]

for (const database of DATABASES) {
  test(`a failure and a recovery are told once each, by command and address (${database.name})`, async (t) => {
    const { directory, tick, remembered } = await scene(t, database)
    const server = await alertServer(t, () => 204)
    const job = backup({ command: [alertCommand(directory), 'a b'], url: server.url })

    const first = await tick(1, job, ending('failed', 0))
    const second = await tick(2, job, ending('failed', 1))
    const third = await tick(3, job, ending('done', 2))
    const fourth = await tick(4, job, ending('done', 3))

    assert.deepEqual([first, second, third, fourth], [told(1), told(0), told(1), told(0)])
    assert.deepEqual(
      server.requests.map(({ method, type, message }) => [method, type, message.event, message.slot]),
      [
        ['POST', 'application/json', 'failure', '2026-11-20T01:30:00Z'],
        ['POST', 'application/json', 'recovery', '2026-11-20T01:32:00Z'],
      ],
    )
    const lines = readFileSync(join(directory, 'alerts'), 'utf8').trim().split('\n')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      server.requests.map(({ message }) => ({ word: 'a b', env: `${message.event} backup .`, message })),
    )
    assert.equal(await remembered(), 0)
  })

  test(`of many ticks that see the same failure one tells it (${database.name})`, async (t) => {
    const { tick } = await scene(t, database)
    const server = await alertServer(t, () => 200)
    const job = backup({ url: server.url })

    const ticks = await Promise.all([1, 1, 1, 1].map((minutes) => tick(minutes, job, ending('failed', 0))))

    assert.equal(
      ticks.reduce((sum, { sent }) => sum + sent, 0),
      1,
    )
    assert.equal(server.requests.length, 1)
  })

  test(`what was not taken is told by a later tick, to those who have not heard it (${database.name})`, async (t) => {
    const { directory, tick, remembered } = await scene(t, database)
    let status = 500
    const server = await alertServer(t, () => status)
    const job = backup({ command: [alertCommand(directory)], url: server.url })

    const first = await tick(1, job, ending('failed', 0))
    const second = await tick(2, job, ending('done', 1))
    status = 200
    const third = await tick(3, job)

    assert.equal(first.sent, 0)
    assert.match(
      first.problems.join(),
      /^The failure of the job "backup" could not be told: 127\.0\.0\.1:\d+ answered 500\. It is tried again in the next minute\.$/,
    )
    assert.equal(second.problems.length, 1)
    assert.deepEqual(third, told(2))
    const commands = readFileSync(join(directory, 'alerts'), 'utf8').trim().split('\n')
    assert.deepEqual(
      commands.map((line) => JSON.parse(line).message.event),
      ['failure', 'recovery'],
    )
    assert.deepEqual(
      server.requests.map(({ message }) => message.event),
      ['failure', 'failure', 'failure', 'recovery'],
    )
    assert.equal(await remembered(), 0)
  })
}

test('a job that every host runs fails on each for itself', async (t) => {
  const { db, directory } = await scene(t, sqlite)
  const server = await alertServer(t, () => 200)
  const job: PlannedJob = { ...backup({ url: server.url }), hosts: 'each' }
  const tick = (host: string, now: number, one: RunEnding) =>
    settleIncidents(db, [one], [job], { host, now, directory, environment: process.env })

  await tick('web-1', AT, ending('failed', 0))
  await tick('web-2', AT, ending('failed', 0))
  await tick('web-2', AT + MINUTE_MS, ending('done', 1))

  assert.deepEqual(
    server.requests.map(({ message }) => [message.host, message.event]),
    [
      ['web-1', 'failure'],
      ['web-2', 'failure'],
      ['web-2', 'recovery'],
    ],
  )
})

test('a message that nobody takes for an hour is given up, and the incident goes on', async (t) => {
  const { tick, remembered } = await scene(t, sqlite)
  const server = await alertServer(t, () => 500)
  const job = backup({ url: server.url })

  await tick(0, job, ending('failed', 0))
  const last = await tick(60, job)
  const after = await tick(61, job, ending('failed', 60))

  assert.match(last.problems.join(), /answered 500\. It is given up\.$/)
  assert.deepEqual([after, await remembered()], [told(0), 1])
})

test('where nobody wants to hear of a job nothing is asked or remembered', async (t) => {
  const { db, directory, tick, remembered } = await scene(t, sqlite)
  const server = await alertServer(t, () => 200)
  await tick(1, backup({ url: server.url }), ending('failed', 0))
  const quiet = plannedJob({ kind: 'exec', command: ['true'] }, { id: 'backup' })
  const other: PlannedJob = { ...backup({ url: server.url }), id: 'other' }
  const context = { host: 'web-1', now: AT, directory, environment: process.env }

  assert.deepEqual(await settleIncidents(db, [ending('done', 2)], [quiet], context), told(0))
  assert.equal(await remembered(), 1)
  await settleIncidents(db, [], [quiet, other], context)

  assert.equal(await remembered(), 0)
})
