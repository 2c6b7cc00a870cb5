import assert from 'node:assert/strict'
import test from 'node:test'
import { Complaint, EXIT } from '../../src/exit.ts'
import { again } from '../../src/queue/again.ts'
import { mysqlDialect } from '../../src/queue/mysql.ts'

const LOST = Object.assign(new Error('gone'), { code: 'ECONNRESET' })
const READ_ONLY = Object.assign(new Error('read-only'), { errno: 1290 })
const DEADLOCK = Object.assign(new Error('deadlock'), { errno: 1213 })

test('a unit is told which try it is, and its answer is returned', async () => {
  const tries: number[] = []

  const answer = await again(mysqlDialect, { forMs: 5_000 }, async (attempt) => {
    tries.push(attempt)
    if (attempt < 2) throw DEADLOCK
    return 'done'
  })

  assert.equal(answer, 'done')
  assert.deepEqual(tries, [0, 1, 2])
})

for (const [name, error] of [
  ['a lost connection', LOST],
  ['a server that refuses for now', READ_ONLY],
] as const) {
  test(`${name} is said once, and so is that it answers again`, async () => {
    const said: string[] = []
    const options = { forMs: 5_000, onLost: (it: Error) => said.push(it.message), onBack: () => said.push('back') }

    await again(mysqlDialect, options, failing(error, 4))

    assert.deepEqual(said, [error.message, 'back'])
  })
}

test('a deadlock is nothing to be said', async () => {
  const said: string[] = []
  const say = () => said.push('said')

  await again(mysqlDialect, { forMs: 5_000, onLost: say, onBack: say }, failing(DEADLOCK, 3))

  assert.deepEqual(said, [])
})

test('a database that is away is asked ever less often', async () => {
  let tries = 0

  const given = again(mysqlDialect, { forMs: 3_000 }, async () => {
    tries++
    throw READ_ONLY
  })

  await assert.rejects(given, (error: Complaint) => error.exitCode === EXIT.unavailable)
  assert.ok(tries > 4 && tries < 22, `${tries} tries`)
})

test('when patience is over, the sentence that is known already is what is thrown', async () => {
  const known = new Complaint(EXIT.unavailable, 'The database at db:3306 cannot be reached.', { cause: LOST })

  await assert.rejects(again(mysqlDialect, { forMs: 0 }, failing(known, 1)), known)
  await assert.rejects(
    again(mysqlDialect, { forMs: 0 }, failing(LOST, 1)),
    /^Complaint: .+ \(gone\)\. Look at the server/,
  )
})

test('what will not pass is thrown at once', async () => {
  const refused = new Complaint(EXIT.badConfig, 'Refused.', { cause: Object.assign(new Error(), { errno: 1045 }) })
  let tries = 0

  const given = again(mysqlDialect, { forMs: 5_000 }, async () => {
    tries++
    throw refused
  })

  await assert.rejects(given, refused)
  assert.equal(tries, 1)
})

function failing(error: Error, times: number): (attempt: number) => Promise<void> {
  return async (attempt) => {
    if (attempt < times) throw error
  }
}
