import assert from 'node:assert/strict'
import test from 'node:test'
import { DATABASES } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { waitFor } from '../helpers/processes.ts'
import { type Answer, HOUR, MINUTE, whyProject } from './why-project.ts'

const SECOND = 1_000

for (const database of DATABASES) {
  test(`a real worker's tasks: one runs, one waits in its hands, and then the worker is killed (${database.name})`, async (t) => {
    const project = await whyProject(t, database)
    const { insert, why } = project
    const [first, second] = (await insert({ task: 'wait-for', param: 'go', timeout_s: 7200 }, { task: 'say' })) as [
      number,
      number,
    ]
    const worker = project.start('do-queue', ['--batch', '10', '--quiet'])
    const [program = 0] = await project.started(first)
    await waitFor(async () => (await project.states())[1] === 'running', { what: 'the second task to be claimed' })
    const plain = (answer: Answer) => [answer.case, answer.sentence.replaceAll(`:${worker.pid}`, ':PID')]

    const running = await why(first)
    const claimed = await why(second)
    worker.kill('SIGKILL')
    await worker.exited
    const orphan = await why(first)
    const unbegun = await why(second)

    assert.deepEqual(plain(running), ['running', `Task ${first} is running on HERE:PID since TIME (now).`])
    assert.match(running.facts['time limit'] ?? '', /^2h, over at TIME \(in (2h|1h59m.*)\)$/)
    assert.equal(running.facts.output, 'nothing so far')
    assert.equal(running.facts.worker, 'number 1, shard 0 of 1')
    assert.equal(running.next, `queuectl logs -f ${first}`)
    assert.deepEqual(plain(claimed), [
      'claimed',
      `Task ${second} was claimed by HERE:PID ${/PID (.*), and/.exec(plain(claimed)[1] ?? '')?.[1]}, and not begun: it has 1 other task in its hands.`,
    ])
    assert.deepEqual(plain(orphan), [
      'worker-died',
      `Task ${first} was started by HERE:PID, which has died, and its program may still be at work: the next tick or worker of this host takes it over, and books how it ends.`,
    ])
    assert.deepEqual(plain(unbegun), [
      'worker-died',
      `Task ${second} was claimed by HERE:PID, which died before beginning it: the next tick or worker of this host takes it over, and makes it ready again.`,
    ])

    project.release('go')
    await waitFor(() => !isAlive(program), { what: 'the end of the program' })
    const ended = await why(first)
    assert.match(
      ended.sentence,
      /and its program has ended: the next tick or worker of this host takes it over, and books how\.$/,
    )
    const next = project.start('do-queue', ['--quiet', '--watch'])
    await waitFor(async () => `${await project.states()}` === 'done,done', { what: 'the end of both' })
    next.kill('SIGTERM')
    await next.exited
    await project.nothingIsLeft()
    assert.equal((await why(first)).case, 'done')
  })

  test(`what counts as running: cancelled, on silent and dead hosts, without a worker (${database.name})`, async (t) => {
    const project = await whyProject(t, database)
    const { put, why, worker } = project
    const elsewhere = { host: 'web-9', boot_id: 'other', pid: 4711, pid_start: 1 }
    const here = await worker('default', 4, 0)
    const silent = await worker('default', 4, 1, { ...elsewhere, beat_at: -50 * SECOND, lease_until: 10 * MINUTE })
    const over = await worker('default', 4, 2, {
      ...elsewhere,
      pid: 4712,
      beat_at: -HOUR,
      lease_until: -HOUR,
      crash: 'hold',
    })
    const gone = await worker('default', 4, 3, { pid: 2 ** 22 + 1, pid_start: 5 })
    const running = { task: 'hang', status: 2, attempts: 1, claim_token: 7, started_at: -2 * HOUR }
    const cancelled = await put('queue', { ...running, worker_id: here, cancel_at: -2 * HOUR })
    const onSilent = await put('queue', { ...running, worker_id: silent })
    const onDead = await put('queue', { ...running, worker_id: over })
    const withoutFiles = await put('queue', { ...running, worker_id: gone })
    const stray = await put('queue', { ...running, worker_id: 4711 })
    const byHand = await put('queue', { task: 'hang', status: 2 })

    const answers = await Promise.all([cancelled, onSilent, onDead, withoutFiles, stray, byHand].map(why))

    assert.deepEqual(
      answers.map(({ case: kind, sentence }) => [kind, sentence]),
      [
        ['cancelling', `Task ${cancelled} is being cancelled since TIME (2h ago): HERE:PID stops its program.`],
        [
          'worker-silent',
          `Task ${onSilent} is claimed by web-9:4711, which was last heard from TIME (now): it is believed to run until TIME (in ${/run until TIME \(in (\w+)/.exec(answers[1]?.sentence ?? '')?.[1]}).`,
        ],
        [
          'worker-expired',
          `Task ${onDead} was running on web-9:4712, which was last heard from TIME (1h ago): the next tick or worker takes it for dead.`,
        ],
        [
          'worker-died',
          `Task ${withoutFiles} was running on HERE:4194305, which has died and left no files: the next tick or worker of this host takes it over, when its lease is over.`,
        ],
        [
          'no-worker-row',
          `Task ${stray} is claimed by worker 4711, which has left and never began it: the next tick or worker makes it ready again now.`,
        ],
        [
          'status-by-hand',
          `Task ${byHand} has the status of one that runs, and no worker: somebody wrote it by hand, and nobody will run it.`,
        ],
      ],
    )
    assert.equal(
      answers[2]?.facts['if it crashed'],
      "it is held, until a person has looked (its worker's policy: hold)",
    )
    assert.equal(answers[2]?.facts['last tick'], 'none was ever seen')
    await project.db.run('DELETE FROM worker')
  })
}
