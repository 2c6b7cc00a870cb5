/**
 * Journals that were torn or spoilt: at most what the spoilt line told is lost, and nobody stumbles over it.
 */
import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { bytesOfSeq } from './bytes-of-seq.ts'
import { dismissed, faultProject, killed, NOTICED_MS } from './fault-project.ts'

const [sqlite] = DATABASES as readonly [Database]

/** As a quoted word it has four times as many characters, which is more than a pipe takes at once. */
const LARGER_THAN_A_PIPE = "'".repeat(65_000)

type Spoil = (journal: string) => void

const lines = (journal: string) => readFileSync(journal, 'latin1').split('\n')

/** While the programs run, after their `S` lines: their ends are appended behind it, so each must be booked all the same. */
const SPOILT_BEFORE_THE_END: Record<string, Spoil> = {
  'garbage and a newline': (journal) => appendFileSync(journal, 'S 1 E 2 %$! ÿþ\n'),
  'garbage without a newline': (journal) => appendFileSync(journal, 'E 99 1 '),
  'NUL bytes': (journal) => appendFileSync(journal, Buffer.alloc(4_096)),
  'half a line of another task': (journal) => appendFileSync(journal, '\nS 7777 1 88'),
  'a line that tells of a task nobody knows': (journal) => appendFileSync(journal, '\nE 7777 1 888888 0\n'),
  'numbers that are none': (journal) => appendFileSync(journal, `\nE ${'9'.repeat(400)} 1 2 0\n`),
}

/** When the programs have ended and everybody is gone. */
const SPOILT_AFTERWARDS: Record<string, { readonly spoil: Spoil; readonly isKnown: boolean }> = {
  'garbage behind it': { spoil: (journal) => appendFileSync(journal, 'E 1 1 E S \0\0\n\0'), isKnown: true },
  'its last line cut': { spoil: (journal) => truncateSync(journal, readFileSync(journal).length - 9), isKnown: true },
  'its end cut away': { spoil: (journal) => keepUntil(journal, /^S /), isKnown: false },
  'its end cut in the middle': { spoil: (journal) => keepUntil(journal, /^S /, '\nE 1'), isKnown: false },
  'nothing but NUL bytes': { spoil: (journal) => writeFileSync(journal, Buffer.alloc(300)), isKnown: false },
  'a mebibyte of noise before it': {
    spoil: (journal) => writeFileSync(journal, `${'\0S 5 E\n'.repeat(150_000)}${readFileSync(journal, 'latin1')}`),
    isKnown: true,
  },
}

for (const database of DATABASES) {
  test(`ends that stand behind spoilt lines are booked (${database.name})`, async (t) => {
    const { project, ids } = await killedWithPrograms(t, database, Object.keys(SPOILT_BEFORE_THE_END).length)

    const spoils = Object.values(SPOILT_BEFORE_THE_END)
    for (const [i, { path }] of project.journals().entries()) spoils[i]?.(path)
    project.release('go')
    await waitFor(() => project.runners().length === 0, { what: 'the runners to leave' })
    await project.once('do-queue', ['--queue', 'other'])

    const rows = await project.rows()
    assert.deepEqual(
      rows.map(({ status, attempts, exitCode }) => [status, attempts, exitCode]),
      ids.map(() => ['done', 1, 0]),
    )
    assert.deepEqual(
      rows.map((row) => project.written(row)),
      ids.map((_, n) => bytesOfSeq(n * 100)),
    )
    await project.adopted()
  })

  test(`of a journal that is spoilt at its end only what stood there is lost (${database.name})`, async (t) => {
    const cases = Object.entries(SPOILT_AFTERWARDS)
    const { project, ids } = await killedWithPrograms(t, database, cases.length)
    project.release('go')
    await waitFor(() => project.runners().length === 0, { what: 'the runners to leave' })

    const spoilt = new Map<number, readonly [name: string, isKnown: boolean]>()
    for (const [i, { path, text }] of project.journals().entries()) {
      const [name, { spoil, isKnown }] = cases[i] as (typeof cases)[0]
      spoilt.set(Number(/^S (\d+) /m.exec(text)?.[1]), [name, isKnown])
      spoil(path)
    }
    await project.once('do-queue', ['--queue', 'other'])

    for (const [n, id] of ids.entries()) {
      const { status, attempts, exitCode, ...row } = await project.row(id)
      const [name, isKnown] = spoilt.get(id) ?? ['', false]
      // What is not known is held for a person: it had been started, as far as anybody can tell.
      assert.deepEqual([name, status, attempts, exitCode], [name, ...(isKnown ? ['done', 1, 0] : ['held', 1, null])])
      if (isKnown) assert.equal(project.written(row), bytesOfSeq(n * 100))
    }
    await project.adopted()
  })
}

test('a command that was only half sent when the worker was killed is not carried out by its runner', async (t) => {
  const count = '#!/bin/sh\nprintf %s "$1" | wc -c >>counted\n'
  const project = await faultProject(t, sqlite, { tasks: { count } })
  await project.insert({ task: 'exit' })
  const worker = project.start('do-queue', ['--watch'])
  await waitFor(async () => (await project.states())[0] === 'done', { what: 'a first task' })
  const [runner = { pid: 0 }] = project.runners()

  process.kill(runner.pid, 'SIGSTOP')
  const [id] = await project.insert({ task: 'count', param: LARGER_THAN_A_PIPE })
  await waitFor(() => project.inputs().length > 0, { what: 'its input to be written' })
  await killed(worker)
  process.kill(runner.pid, 'SIGCONT')
  await waitFor(() => project.runners().length === 0, { what: 'the runner to leave' })

  assert.deepEqual(project.lines('counted'), [])
  await project.once('do-queue', ['--queue', 'other'])
  assert.equal((await project.row(id)).status, 'ready')
  await project.once('do-queue')
  assert.deepEqual(project.lines('counted'), [String(LARGER_THAN_A_PIPE.length)])
  await project.adopted()
})

test('a command that its runner has not read yet when the worker is killed is not taken for one that was never given', async (t) => {
  const project = await faultProject(t, sqlite)
  await project.insert({ task: 'exit' })
  const worker = project.start('do-queue', ['--watch'])
  await waitFor(async () => (await project.states())[0] === 'done', { what: 'a first task' })
  const [runner = { pid: 0 }] = project.runners()

  process.kill(runner.pid, 'SIGSTOP')
  const longForAFile = ' '.repeat(5_000)
  const [id] = await project.insert({ task: 'sign', param: `0 0 100${longForAFile}` })
  await waitFor(() => project.inputs().length > 0, { what: 'its input to be written' })
  await killed(worker)
  const early = project.start('do-queue', ['--queue', 'other', '--watch'])
  await waitFor(() => project.events('worker-adopted').length === 1, { what: 'it to be adopted' })
  await sleep(NOTICED_MS) // a few looks, of which none may change anything
  assert.equal((await project.row(id)).status, 'running')
  process.kill(runner.pid, 'SIGCONT')

  await project.booked()
  assert.deepEqual([(await project.row(id)).status, project.lines('signed').length], ['done', 2])
  await dismissed(project, early)
  await project.adopted()
})

/** As many programs as are asked for, each in a slot of its own, of a worker that is no more. */
async function killedWithPrograms(t: TestContext, database: Database, count: number) {
  const project = await faultProject(t, database)
  const ids = await project.insert(
    ...Array.from({ length: count }, (_, n) => ({ task: 'finish-when', param: `go ${n * 100}` })),
  )
  const worker = await project.working(ids, ['--concurrency', String(count), '--crash', 'hold'])
  await killed(worker)
  assert.equal(project.journals().length, count)
  return { project, ids }
}

/** What stands up to the first line like this one, that line included, and then `end`. */
function keepUntil(journal: string, like: RegExp, end = ''): void {
  const all = lines(journal)
  const last = all.findIndex((line) => like.test(line))
  writeFileSync(journal, `${all.slice(0, last + 1).join('\n')}\n${end}`)
}
