import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { EXIT } from '../../src/exit.ts'
import { openDatabase } from '../../src/queue/open-queue.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type DatabaseProxy, startProxy } from '../helpers/proxy.ts'
import { openStore } from './stores.ts'

const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'there is no MySQL server'

test('a database that is away is waited for, and that is said once', { skip }, async (t) => {
  const { proxy } = await proxied(t)
  await proxy.refuse()
  const said: string[] = []

  const opening = openDatabase(proxy.url, '/', { patienceMs: 10_000, onWaiting: (sentence) => said.push(sentence) })
  await waitFor(() => said.length > 0, { what: 'the sentence' })
  await proxy.heal()
  const db = await opening
  afterwards(t, () => db.close())

  assert.equal(said.length, 1)
  assert.match(said.join(), /^The database at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. .+ is right\.$/)
  await db.all('SELECT id FROM queue')
})

test('a database whose connection is lost while its tables are looked at is waited for too', { skip }, async (t) => {
  const { proxy } = await proxied(t)
  const said: string[] = []
  const lost = proxy.loseReply('FROM setting')

  const db = await openDatabase(proxy.url, '/', { patienceMs: 10_000, onWaiting: (sentence) => said.push(sentence) })
  afterwards(t, () => db.close())

  await lost
  assert.equal(said.length, 1)
})

test('when patience is over, the same sentence is what it ends with', { skip }, async (t) => {
  const { proxy } = await proxied(t)
  await proxy.refuse()
  const said: string[] = []

  const opening = openDatabase(proxy.url, '/', { patienceMs: 300, onWaiting: (sentence) => said.push(sentence) })

  await assert.rejects(opening, (error: Error & { exitCode: number }) => {
    assert.deepEqual([error.exitCode, [error.message]], [EXIT.unavailable, said])
    return true
  })
})

test('without patience nothing is waited for, and nothing said', { skip }, async (t) => {
  const { proxy } = await proxied(t)
  await proxy.refuse()

  const began = performance.now()
  await assert.rejects(openDatabase(proxy.url, '/'), { exitCode: EXIT.unavailable })

  assert.ok(performance.now() - began < 2_000)
})

test('a database without tables is not waited for', { skip }, async (t) => {
  const { url } = await (mariadb as Database).create(t)
  const onWaiting = () => assert.fail('it waits')

  await assert.rejects(openDatabase(url, '/', { patienceMs: 60_000, onWaiting }), { exitCode: EXIT.badConfig })
})

async function proxied(t: TestContext): Promise<{ proxy: DatabaseProxy }> {
  const { url } = await openStore(t, mariadb as Database)
  return { proxy: await startProxy(t, url) }
}

for (const database of DATABASES) {
  test(`whoever asks again and again leaves the event loop its turns (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    t.after(() => clearInterval(timer))

    for (const end = performance.now() + 200; performance.now() < end; ) await db.all('SELECT 1 AS one')

    assert.ok(turns >= 3, `${turns} turns`)
  })
}
