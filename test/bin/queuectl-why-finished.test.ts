import assert from 'node:assert/strict'
import test from 'node:test'
import { changeTasks } from '../../src/queue/store/change.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { runBin } from '../helpers/processes.ts'
import { HOUR, whyProject } from './why-project.ts'

const [sqlite] = DATABASES as readonly [Database]

for (const database of DATABASES) {
  test(`how real tasks ended, one sentence each (${database.name})`, async (t) => {
    const project = await whyProject(t, database)
    const { insert, why } = project
    const [done, bad, never, signal, slow, missing, late, quarantined, again] = (await insert(
      { task: 'say', param: 'sent' },
      { task: 'complain', param: 'no such customer', retry: 'none' },
      { task: 'exit', param: '65' },
      { task: 'die', param: 'KILL', retry: 'none' },
      { task: 'hang', timeout_s: 1, retry: 'none' },
      { task: 'nope', retry: 'none' },
      { task: 'exit', expires_at: -HOUR },
      { task: 'die', param: 'TERM', crashes: 4 },
      { task: 'complain', param: 'cannot connect', retry: '1h,2h' },
    )) as [number, number, number, number, number, number, number, number, number]
    await project.run('do-queue', ['--concurrency', '9', '--quiet'])

    const answers = await Promise.all([done, bad, never, signal, slow, missing, late, quarantined, again].map(why))
    const [, ofBad, , , , ofMissing, ofLate, , ofAgain] = answers

    const told = answers.map(({ case: kind, sentence }) => [
      kind,
      sentence
        .replace(/took [\dms]+(?<=m?s)/, 'took TIME')
        .replace(/after 1s\d+ms/, 'after 1s')
        .replace(/in 59m\d+s/, 'in 1h'),
    ])
    assert.deepEqual(told, [
      ['done', `Task ${done} has run, and is done since TIME (now): attempt 1 took TIME, by worker 1, which has left.`],
      ['failed', `Task ${bad} failed TIME (now), at attempt 1 of 1: exit code 1.`],
      [
        'failed-never-retry',
        `Task ${never} failed TIME (now), at attempt 1 of 4: its program said never to try it again (exit code 65).`,
      ],
      ['failed-signal', `Task ${signal} failed TIME (now), at attempt 1 of 1: ended by SIGKILL.`],
      ['failed-timeout', `Task ${slow} failed TIME (now), at attempt 1 of 1: it was stopped after 1s, its time limit.`],
      [
        'failed-not-started',
        `Task ${missing} failed TIME (now), at attempt 1 of 1: there is no program nope in PROJECT/tasks.`,
      ],
      ['failed-expired', `Task ${late} failed TIME (now): it expired before it could start.`],
      [
        'failed-quarantined',
        `Task ${quarantined} failed TIME (now), at attempt 1 of 4: it died 5 times in a row, and is not tried further (ended by SIGTERM).`,
      ],
      ['retry', `Task ${again} is tried again TIME (in 1h), because attempt 1 of 3 did not end well: exit code 1.`],
    ])
    assert.equal(ofBad?.facts.error, 'exit code 1: no such customer')
    assert.equal(ofBad?.facts.output, `16 bytes: "queuectl logs ${bad}"`)
    assert.equal(ofBad?.next, `queuectl retry ${bad}`)
    assert.equal(ofMissing?.next, `queuectl retry ${missing}`)
    assert.equal(ofMissing?.facts.program, 'there is no program nope in PROJECT/tasks')
    assert.equal(ofLate?.next, `queuectl retry ${late} --drop-expiry`)
    assert.equal(ofAgain?.next, `queuectl retry ${again}`)
  })

  test(`what was cancelled, what its worker's policy let fail, and what somebody wrote by hand (${database.name})`, async (t) => {
    const project = await whyProject(t, database)
    const { db, put, why } = project
    const waiting = await put('queue', { task: 'say' })
    await changeTasks(db, 'cancel', [waiting], { patienceMs: 1_000 })
    const ended = { status: 5, attempts: 1, cancel_at: -2 * HOUR, started_at: -3 * HOUR, finished_at: -2 * HOUR }
    const running = await put('queue', { task: 'say', ...ended })
    const past = { attempt: 1, claim_token: 1, started_at: -3 * HOUR, finished_at: -2 * HOUR }
    await put('attempt', { task_id: running, outcome: 'cancelled', ...past })
    const crashed = await put('queue', { task: 'say', status: 3, attempts: 1, finished_at: -2 * HOUR })
    await put('attempt', { task_id: crashed, outcome: 'crashed', ...past })
    const byHand = await put('queue', { task: 'say', status: 1 })

    assert.equal((await why(waiting)).sentence, `Task ${waiting} was cancelled TIME (now), before it was ever started.`)
    assert.equal(
      (await why(running)).sentence,
      `Task ${running} was cancelled TIME (2h ago), while attempt 1 ran, which its worker stopped.`,
    )
    assert.deepEqual(pick(await why(crashed)), [
      'failed-crashed',
      `Task ${crashed} failed TIME (2h ago), at attempt 1 of 4: its runner ended in the middle of it, or its host did, and its worker's policy is to let it fail then.`,
    ])
    assert.deepEqual(pick(await why(byHand)), [
      'status-by-hand',
      `Task ${byHand} is done, and never ended: somebody wrote that status by hand.`,
    ])
    if (database.name === 'mariadb') {
      const strange = await put('queue', { task: 'say', status: 9 })
      assert.deepEqual(pick(await why(strange)), [
        'status-by-hand',
        `Task ${strange} has the status 9, which is no state: somebody wrote it by hand, and nobody will run it.`,
      ])
    }
  })
}

test('the command prints the sentence and the facts, as JSON when asked, and refuses an unknown id', async (t) => {
  const project = await whyProject(t, sqlite)
  const id = await project.put('queue', { task: 'say', queue: 'mail', ctime: -2 * HOUR, run_at: -2 * HOUR })
  const ask = (...args: string[]) => runBin('queuectl', ['why', ...args], { cwd: project.directory, t })

  const [text, json, unknown] = await Promise.all([ask(`${id}`), ask(`${id}`, '--json'), ask('4711', '--json')])
  const noJson = await ask('4711')

  assert.match(
    text.stdout,
    /^Task 1 is ready, and no worker works the queue mail\.\n {2}task {12}say, of the queue mail\n {2}added {11}\S+ \S+ \(2h ago\)\n {2}to work it now {2}do-queue --queue mail\n$/,
  )
  const facts = JSON.parse(json.stdout)
  assert.deepEqual(Object.keys(facts), ['id', 'case', 'sentence', 'facts', 'next'])
  assert.deepEqual([facts.id, facts.case, facts.next], [1, 'no-worker', 'do-queue --queue mail'])
  assert.deepEqual(facts.facts[0], { label: 'task', value: 'say, of the queue mail' })
  assert.deepEqual([unknown.code, JSON.parse(unknown.stdout).case], [65, 'unknown-id'])
  assert.deepEqual([noJson.code, noJson.stdout], [65, ''])
  assert.match(noJson.stderr, /^There is no task 4711 in this database: no id so high was given, the highest is 1;/)
})

function pick({ case: kind, sentence }: { case: string; sentence: string }): [string, string] {
  return [kind, sentence]
}
