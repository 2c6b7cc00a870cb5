/** A server that falls silent: no statement waits longer than QUEUE_URL allows, and no connection keeps a process alive. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Complaint, EXIT } from '../../src/exit.ts'
import type { Driver } from '../../src/queue/driver.ts'
import { openDriver } from '../../src/queue/url.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type DatabaseProxy, startProxy } from '../helpers/proxy.ts'

const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'there is no MySQL server'
const ANSWER_MS = 1_000

const SILENT: readonly (readonly [string, (db: Driver, fallSilent: () => void) => Promise<unknown>])[] = [
  [
    'a statement',
    (db, fallSilent) => {
      fallSilent()
      return db.run('DO 1')
    },
  ],
  [
    'the beginning of a transaction',
    (db, fallSilent) => {
      fallSilent()
      return db.transaction(async () => {})
    },
  ],
  [
    'a statement in a transaction',
    (db, fallSilent) =>
      db.transaction(async (tx) => {
        fallSilent()
        await tx.run('DO 1')
      }),
  ],
  ['a commit', (db, fallSilent) => db.transaction(async () => fallSilent())],
  [
    'a wait for a connection',
    (db, fallSilent) => {
      fallSilent()
      return Promise.all([1, 2, 3, 4, 5].map(() => db.run('DO 1')))
    },
  ],
]

for (const [what, ask] of SILENT) {
  test(`${what} that is never answered counts as a lost connection, and the next is answered`, { skip }, async (t) => {
    const { db, proxy } = await proxied(t)
    await db.run('DO 0')

    const began = performance.now()
    const error = await ask(db, proxy.silence).catch((it) => it)

    assert.ok(performance.now() - began < 2.5 * ANSWER_MS, `${performance.now() - began} ms`)
    assert.equal(db.dialect.isConnectionLost(error), true, String(error))
    assert.ok(error instanceof Complaint && error.exitCode === EXIT.unavailable)
    assert.match(error.message, /cannot be reached \((no answer within 1 s|ETIMEDOUT)\)\./)
    await proxy.heal()
    await db.run('DO 2')
  })
}

test('of several connections that were forgotten one is waited for, not each', { skip }, async (t) => {
  const { db, proxy } = await proxied(t)
  await Promise.all([1, 2, 3].map(() => db.run('DO SLEEP(0.05)')))
  assert.equal(proxy.connections, 3)
  proxy.forget()
  await assert.rejects(db.run('DO 1'))

  const began = performance.now()
  for (const number of [2, 3, 4]) await db.run(`DO ${number}`)

  assert.ok(performance.now() - began < ANSWER_MS)
})

test('a server that takes a connection and never greets is waited for no longer', { skip }, async (t) => {
  const { url, proxy } = await proxied(t)
  proxy.silence()

  const began = performance.now()
  const error = await openDriver(url, '/').catch((it) => it)

  assert.ok(performance.now() - began < 2.5 * ANSWER_MS)
  assert.match(error.message, /cannot be reached \(ETIMEDOUT\)\./)
})

test('what is silent is closed without waiting for its consent', { skip }, async (t) => {
  const { db, proxy } = await proxied(t, '10s')
  await db.run('DO 0')
  proxy.silence()
  const asked = assert.rejects(db.run('DO 1'))
  await setImmediate()

  const began = performance.now()
  await db.close()
  await asked

  assert.ok(performance.now() - began < 3_000)
  await waitFor(() => proxy.connections === 0, { what: 'the connections to end' })
})

test('a slow transaction may take as long as it likes', { skip }, async (t) => {
  const { db } = await proxied(t)

  const [row] = await db.transaction((tx) => tx.all<{ slept: number }>('SELECT SLEEP(1.3) AS slept'), { slow: true })

  assert.equal(Number(row?.slept), 0)
})

test('a table that somebody alters is waited for in turns, not with a connection lost', { skip }, async (t) => {
  const { url, db } = await proxied(t, '2s')
  await db.run('CREATE TABLE altered (n INT)')
  const other = await openDriver(url, '/')
  afterwards(t, () => other.close())

  const error = await other.transaction(async (tx) => {
    await tx.run('INSERT INTO altered VALUES (1)')
    return db.run('ALTER TABLE altered ADD COLUMN m INT').catch((it) => it)
  })

  assert.equal(db.dialect.isTransient(error), true, String(error))
})

for (const timeout of ['0', '0.5s', '2h', 'soon']) {
  test(`refused: a QUEUE_URL with timeout=${timeout}`, async () => {
    await assert.rejects(openDriver(`mysql://shop@db/shop?timeout=${timeout}`, '/'), {
      exitCode: EXIT.badConfig,
      message: `QUEUE_URL has timeout=${timeout}, the longest that the database may take to answer. Use 1s to 1h.`,
    })
  })
}

async function proxied(t: TestContext, timeout = '1s'): Promise<{ db: Driver; url: string; proxy: DatabaseProxy }> {
  const { url } = (await mariadb?.create(t)) ?? { url: '' }
  const proxy = await startProxy(t, url)
  const through = `${proxy.url}?timeout=${timeout}`
  const db = await openDriver(through, '/')
  afterwards(t, () => db.close())
  return { db, url: through, proxy }
}
