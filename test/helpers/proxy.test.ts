import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import mysql, { type Connection } from 'mysql2/promise'
import { afterwards } from './cleanup.ts'
import { DATABASES } from './databases.ts'
import { waitFor } from './processes.ts'
import { type DatabaseProxy, startProxy } from './proxy.ts'

const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'there is no MySQL server'
const SILENCE_MS = 150

test('what goes through a proxy arrives as it was sent', { skip }, async (t) => {
  const { proxy } = await proxied(t)
  const connection = await connect(t, proxy)
  const long = 'ä'.repeat(100_000)

  const [rows] = await connection.execute('SELECT ? AS text', [long])

  assert.deepEqual(rows, [{ text: long }])
  assert.equal(proxy.connections, 1)
})

test('a delay is added to requests and to replies', { skip }, async (t) => {
  const { proxy } = await proxied(t)
  const connection = await connect(t, proxy)

  proxy.delay(60)
  const began = performance.now()
  await connection.query('SELECT 1')

  assert.ok(performance.now() - began >= 119)
})

test('a cut ends the connections there are, and new ones go through', { skip }, async (t) => {
  const { proxy } = await proxied(t)
  const connection = await connect(t, proxy)

  proxy.cut()

  await assert.rejects(connection.query('SELECT 1'))
  await (await connect(t, proxy)).query('SELECT 1')
})

test('who is refused may connect again when it is healed', { skip }, async (t) => {
  const { proxy } = await proxied(t)
  const connected = await connect(t, proxy)

  await proxy.refuse()

  await assert.rejects(connect(t, proxy), { code: 'ECONNREFUSED' })
  await connected.query('SELECT 1')
  await proxy.heal()
  await (await connect(t, proxy)).query('SELECT 1')
})

for (const way of ['requests', 'replies'] as const) {
  test(`of a connection that is half open the ${way} are swallowed, and it stays so`, { skip }, async (t) => {
    const { proxy, direct } = await proxied(t)
    const connection = await connect(t, proxy)

    proxy.halfOpen(way)
    const answered = isAnswered(connection.query('INSERT INTO seen VALUES (1)'))

    if (way === 'replies') await waitFor(async () => (await seen(direct)) === 1, { what: 'the row' })
    assert.equal(await answered, false)
    assert.equal(await seen(direct), way === 'replies' ? 1 : 0)
    await proxy.heal()
    await (await connect(t, proxy)).query('SELECT 1')
    assert.equal(await isAnswered(connection.query('SELECT 1')), false)
  })
}

test('connections that were forgotten stay silent, and new ones go through', { skip }, async (t) => {
  const { proxy } = await proxied(t)
  const connection = await connect(t, proxy)

  proxy.forget()

  assert.equal(await isAnswered(connection.query('SELECT 1')), false)
  await (await connect(t, proxy)).query('SELECT 1')
})

test('in silence a connection is taken and never greeted', { skip }, async (t) => {
  const { proxy } = await proxied(t)

  proxy.silence()

  assert.equal(await isAnswered(connect(t, proxy)), false)
  await proxy.heal()
  await (await connect(t, proxy)).query('SELECT 1')
})

test('one request is lost by its text, before it is done; one reply, after it', { skip }, async (t) => {
  const { proxy, direct } = await proxied(t)
  const sql = 'INSERT INTO seen VALUES (?)'
  for (const [lose, rows] of [
    [proxy.loseRequest, 1],
    [proxy.loseReply, 2],
  ] as const) {
    const connection = await connect(t, proxy)
    await connection.execute('SELECT 1')
    const lost = lose('INTO seen')

    await assert.rejects(connection.execute(sql, [1]), { code: 'ECONNRESET' })

    await lost
    const next = await connect(t, proxy)
    await next.execute(sql, [2])
    assert.equal(await seen(direct), rows)
    await direct.query('DELETE FROM seen WHERE n = 2')
  }
})

test('a statement that was prepared long ago is known by its text', { skip }, async (t) => {
  const { proxy, direct } = await proxied(t)
  const connection = await connect(t, proxy)
  await connection.execute('INSERT INTO seen VALUES (?)', [1])

  const lost = proxy.loseRequest('INTO seen')

  await assert.rejects(connection.execute('INSERT INTO seen VALUES (?)', [2]))
  await lost
  assert.equal(await seen(direct), 1)
})

async function proxied(t: TestContext): Promise<{ proxy: DatabaseProxy; direct: Connection }> {
  const { url } = await present(mariadb).create(t)
  const direct = await mysql.createConnection({ uri: url })
  afterwards(t, () => direct.end())
  await direct.query('CREATE TABLE seen (n INT)')
  return { proxy: await startProxy(t, url), direct }
}

async function connect(t: TestContext, { url }: DatabaseProxy): Promise<Connection> {
  const connection = await mysql.createConnection({ uri: url, connectTimeout: 1_000 })
  connection.on('error', () => {})
  afterwards(t, () => connection.destroy())
  return connection
}

async function seen(direct: Connection): Promise<number> {
  const [rows] = await direct.query<mysql.RowDataPacket[]>('SELECT COUNT(*) AS n FROM seen')
  return Number(rows[0]?.n)
}

function isAnswered(question: Promise<unknown>): Promise<boolean> {
  const answered = question.then(
    () => true,
    () => false,
  )
  return Promise.race([answered, new Promise<boolean>((done) => setTimeout(done, SILENCE_MS, false))])
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('There is no MySQL server.')
  return value
}
