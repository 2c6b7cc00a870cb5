/**
 * mysql2 as the build bundles it: the parts that are loaded late are there when they are wanted, and the code that V8 kept
 * is used, replaced when it is no good, and never believed of another user.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { temporaryDirectory } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'
import { runProgram } from '../helpers/processes.ts'

const BUNDLED = new URL('../../dist/vendor/mysql2.js', import.meta.url).href
const SERVER = DATABASES.find(({ name }) => name === 'mariadb')

const ASK = `
const { default: mysql } = await import('${BUNDLED}')
const pool = mysql.createPool({ uri: process.argv[1], charset: 'utf8mb4' })
const ask = (sql) => new Promise((done) => pool.execute(sql, (error, rows) => done(error ? error.code : Object.values(rows[0])[0])))
const answers = [
  await ask('SELECT 18446744073709551615'),
  await ask('SELECT -9223372036854775807'),
  await ask("SELECT 'Zürich 🚲'"),
  await ask('SELECT * FROM nothing'),
  Object.keys(mysql.createConnectionPromise).length,
]
await new Promise((done) => pool.end(done))
const tls = await new Promise((done) => {
  const connection = mysql.createConnection({ uri: process.argv[1], ssl: 'Amazon RDS' })
  connection.on('error', (error) => done(error.code))
})
process.stdout.write(JSON.stringify([...answers, tls]))
`

test('what is loaded late is there when it is wanted', { skip: SERVER === undefined }, async (t) => {
  const { url } = (await SERVER?.create(t)) ?? { url: '' }
  const home = temporaryDirectory(t)
  const args = ['--input-type=module', '-e', ASK, url]

  for (const run of ['first', 'second']) {
    const { stdout, stderr } = await runProgram(process.execPath, args, { cwd: home, env: { HOME: home }, t })

    assert.equal(stderr, '', run)
    const [most, least, text, missing, , tls] = JSON.parse(stdout)
    assert.deepEqual([String(most), String(least)], ['18446744073709552000', '-9223372036854776000'], run)
    assert.deepEqual([text, missing], ['Zürich 🚲', 'ER_NO_SUCH_TABLE'], run)
    assert.match(String(tls), /^(?:HANDSHAKE_NO_SSL_SUPPORT|ER_|HANDSHAKE_|SELF_|DEPTH_|UNABLE_)/, run)
  }
})

test('compiled code is kept for its owner alone, used, and replaced when it is no good', async (t) => {
  const home = temporaryDirectory(t)
  const directory = join(home, '.cache', 'cron-mission')
  const load = async () => {
    const args = ['--input-type=module', '-e', `await import('${BUNDLED}')`]
    const { code, stderr } = await runProgram(process.execPath, args, { cwd: home, env: { HOME: home }, t })
    assert.deepEqual([code, stderr], [0, ''])
    const [name = '', ...others] = readdirSync(directory).filter((file) => file.startsWith('mysql2-'))
    assert.deepEqual(others, [])
    return join(directory, name)
  }

  const file = await load()
  const { ino, size, mode } = statSync(file)
  assert.ok(size > 50_000)
  assert.equal(mode & 0o777, 0o600)

  assert.equal(statSync(await load()).ino, ino, 'it is used')
  truncateSync(file, 10_000)
  assert.equal(statSync(await load()).size > 50_000, true, 'half of it is no good')
  writeFileSync(file, 'other code')
  assert.notEqual(readFileSync(await load(), 'latin1'), 'other code')
})

test('where nothing can be kept, it is compiled', async (t) => {
  const home = join(temporaryDirectory(t), 'file')
  writeFileSync(home, '')
  const args = ['--input-type=module', '-e', `await import('${BUNDLED}')`]

  const { code, stderr } = await runProgram(process.execPath, args, { cwd: '/', env: { HOME: home }, t })

  assert.deepEqual([code, stderr], [0, ''])
})
