/**
 * A parameter from the row to the program: through SQL, the shell and exec, on both of its ways, byte for byte.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import mysql from 'mysql2/promise'
import { queueProject } from '../bin/queue-project.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { startMariadb } from '../helpers/mariadb.ts'
import { findServer } from '../helpers/server-program.ts'
import { ALWAYS_TRIED, nastyText, SEED } from './nasty-text.ts'

/** On such a server a backslash in a literal is a backslash: whoever escapes quotes with it can be broken out of. */
const noBackslashEscapes: Database = {
  name: 'mariadb',
  async create(t) {
    const server = await startMariadb({ durable: false, extraArguments: ['--sql-mode=NO_BACKSLASH_ESCAPES'] })
    afterwards(t, server.stop)
    const connection = await mysql.createConnection(server.url)
    await connection.query('CREATE DATABASE shop')
    await connection.end()
    return { url: `${server.url}/shop` }
  },
}

const PLACES: readonly { readonly name: string; readonly database: Database; readonly skip?: string | false }[] = [
  ...DATABASES.map((database) => ({ name: database.name, database })),
  {
    name: 'mariadb with NO_BACKSLASH_ESCAPES',
    database: noBackslashEscapes,
    skip: findServer() === undefined && 'no server program was found',
  },
]

for (const { name, database, skip = false } of PLACES) {
  test(`any parameter reaches argv[1] and standard input byte for byte (${name})`, { skip }, async (t) => {
    const project = await queueProject(t, database)
    const params = [...ALWAYS_TRIED, ...fc.sample(nastyText(), { seed: SEED, numRuns: 40 })]
    mkdirSync(project.path('kept'))
    const ids = await project.insert(...params.map((param) => ({ task: 'keep-argument', param })))

    const { stdout } = await project.run('do-queue', ['--total', '4', '--shard', 'all'])

    assert.match(stdout, new RegExp(`^${params.length} done, 0 to be retried, 0 failed`))
    for (const [i, id] of ids.entries()) {
      const [bytes, repeat] = [Buffer.from(params[i] ?? ''), `TEXT_SEED=${SEED}: ${JSON.stringify(params[i])}`]
      const given = readFileSync(project.path('kept', `${id}.arguments`))
      assert.ok(lastArgument(given).equals(bytes), `argv[1], ${repeat}`)
      assert.ok(readFileSync(project.path('kept', `${id}.stdin`)).equals(bytes), `standard input, ${repeat}`)
    }
  })
}

test('a parameter reaches standard input whatever characters the state directory has in its name', async (t) => {
  const [database] = DATABASES as readonly [Database]
  const project = await queueProject(t, database)
  mkdirSync(project.path('kept'))
  const [id] = await project.insert({ task: 'keep-argument', param: "it's" })

  await project.run('do-queue', [], { env: { QUEUE_STATE: 'it\'s a "state" of $HOME' } })

  assert.equal(readFileSync(project.path('kept', `${id}.stdin`), 'utf8'), "it's")
})

/** Of /proc/PID/cmdline: the shell, the script and the parameter, each ended by NUL. */
function lastArgument(commandLine: Buffer): Buffer {
  const script = commandLine.indexOf(0) + 1
  return commandLine.subarray(commandLine.indexOf(0, script) + 1, -1)
}
