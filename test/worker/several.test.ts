import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ClaimedTask } from '../../src/queue/store/claimed-task.ts'
import type { Ending } from '../../src/worker/attempt.ts'
import { readInheritance } from '../../src/worker/inheritance.ts'
import type { Slot } from '../../src/worker/slot.ts'
import { waitFor } from '../helpers/processes.ts'
import { claimed } from './claimed-task.ts'
import { warmSlot } from './warm-slot.ts'

/** Notes that it has begun, and does what its parameter says. */
const ACT = '#!/bin/sh\necho "$TASK_ID" >>begun\neval "$1"\n'

test('several tasks are run one after the other, and each ends as it ended', async (t) => {
  const { told, ids, begun } = await severalSlot(t)

  const { endings, returned } = await told('exit 0', 'exit 3', 'kill -9 $$', 'exit 0')

  assert.deepEqual(
    endings.map(({ task, result }) => [task.id, result.outcome, result.exitCode, result.output.kind]),
    [
      [ids(1), { kind: 'ok' }, 0, 'none'],
      [ids(2), { kind: 'exit', code: 3 }, 3, 'none'],
      // The shell tells of it where programs print, and so this one is the last.
      [ids(3), { kind: 'signal', signal: 'SIGKILL' }, null, 'bytes'],
    ],
  )
  assert.deepEqual([returned, begun()], [[ids(4)], [ids(1), ids(2), ids(3)]])
})

test('times follow each other, and add up to no more than it took', async (t) => {
  const { told } = await severalSlot(t)
  const from = performance.now()

  const { endings } = await told('exit 0', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done', 'exit 0')

  const took = performance.now() - from
  const ranMs = endings.map(({ result }) => result.ranMs)
  assert.ok(ranMs.every((ms) => ms >= 0) && ranMs.reduce((sum, ms) => sum + ms) <= took + 1, `${ranMs} of ${took}`)
  assert.ok(endings.every(({ result }, i) => result.endedAt >= (endings[i - 1]?.result.endedAt ?? from)))
  assert.ok(endings.every(({ result }) => Number.isInteger(result.cpuMs)))
})

test('each has its own parameter, byte for byte and to its end, and its own variables', async (t) => {
  const texts = [
    '',
    'x',
    'no newline',
    'one\n',
    '\n\n',
    'it\'s \\ $HOME `ls` "',
    'é 🎈'.repeat(200),
    ' ',
    '-n',
    '\\n\\0101 %s',
  ]
  const { several, write, directory, ids } = await severalSlot(t)
  write(
    'keep',
    '#!/bin/sh\ncat >"in.$TASK_ID"\nprintf %s "$1" >"arg.$TASK_ID"\nenv | grep ^TASK_ | sort >"env.$TASK_ID"\nenv | grep -c QUEUE_ >>"env.$TASK_ID"\n',
  )

  const { endings } = await several(texts.map((param, i) => ({ task: 'keep', param, attempt: 1 + (i % 2) })))

  assert.equal(endings.length, texts.length)
  for (const [i, text] of texts.entries()) {
    const id = ids(i + 1)
    const kept = (name: string) => readFileSync(join(directory, `${name}.${id}`), 'utf8')
    assert.deepEqual([kept('in'), kept('arg')], [text, text])
    const variables = [
      `ATTEMPT=${1 + (i % 2)}`,
      'EXPIRES_AT=',
      `ID=${id}`,
      `KEY=test-${id}`,
      'MAX_ATTEMPTS=1',
      'NAME=keep',
    ]
    assert.equal(kept('env'), `${[...variables, 'QUEUE=default'].map((it) => `TASK_${it}\n`).join('')}0\n`)
  }
})

test('what a program prints is its own: nothing begins behind it before that is taken', async (t) => {
  const { told, ids, begun } = await severalSlot(t)

  const { endings, returned } = await told('exit 0', 'echo mine; echo too >&2', 'echo other')

  const last = endings.at(-1)
  assert.ok(last?.result.output.kind === 'bytes')
  assert.deepEqual([last.task.id, last.result.output.bytes.toString()], [ids(2), 'mine\ntoo\n'])
  assert.deepEqual([endings.length, returned, begun()], [2, [ids(3)], [ids(1), ids(2)]])
})

test('none waits behind a program that turns out long: it is taken back at once, and certainly does not begin', async (t) => {
  const { slot, told, ids, begun, release } = await severalSlot(t)
  const returned: number[] = []

  const running = told('exit 0', 'while [ ! -e go ]; do sleep 0.01; done; exit 4', 'exit 0', 'exit 0', (id) =>
    returned.push(id),
  )
  await waitFor(() => begun().length === 2, { what: 'the long one to begin' })
  await waitFor(() => isSeenAlone(slot), { what: 'the others to be taken back' })
  const inBetween = [slot.running?.task.id, slot.several]
  release('go')
  const { endings } = await running

  assert.deepEqual(
    [inBetween, returned],
    [
      [ids(2), undefined],
      [ids(3), ids(4)],
    ],
  )
  assert.deepEqual(
    endings.map(({ result }) => result.outcome),
    [{ kind: 'ok' }, { kind: 'exit', code: 4 }],
  )
  assert.deepEqual(begun(), [ids(1), ids(2)])
})

test('a runner that was recalled is told several again afterwards', async (t) => {
  const { slot, told, directory } = await severalSlot(t)

  const running = told('sleep 0.1', 'exit 0')
  slot.several?.recall()
  await running
  const { endings, returned } = await told('exit 0', 'exit 0')

  assert.deepEqual([endings.length, returned], [2, []])
  assert.deepEqual(
    readdirSync(join(directory, 'state')).filter((name) => name.endsWith('.recall')),
    [],
  )
})

test('a stop is for the program that runs: those before it have ended, those behind it have not begun', async (t) => {
  const { slot, told, ids, begun } = await severalSlot(t)

  const running = told('exit 1', 'exec sleep 600', 'exit 0')
  await waitFor(() => begun().length === 2, { what: 'the program to begin' })
  slot.stop({ kind: 'cancelled' })
  const { endings, returned } = await running

  assert.deepEqual(
    endings.map(({ task, result }) => [task.id, result.outcome]),
    [
      [ids(1), { kind: 'exit', code: 1 }],
      [ids(2), { kind: 'cancelled' }],
    ],
  )
  assert.deepEqual([returned, begun()], [[ids(3)], [ids(1), ids(2)]])
})

test('the time limit of a program that others were told behind holds', async (t) => {
  const { slot, several, ids, begun } = await severalSlot(t)

  const running = several(['exit 0', 'exec sleep 600', 'exit 0'].map((param) => ({ param, timeoutSeconds: 1 })))
  await waitFor(() => begun().length === 2, { what: 'the program to begin' })
  await waitFor(() => isSeenAlone(slot), { what: 'what is long to be seen' })
  const { endings, returned } = await running

  assert.deepEqual(
    endings.map(({ result }) => result.outcome),
    [{ kind: 'ok' }, { kind: 'timeout', afterMs: 1_000 }],
  )
  assert.deepEqual([returned, begun()], [[ids(3)], [ids(1), ids(2)]])
})

test('when the runner is killed, what has ended has, what ran has crashed, and the rest never began', async (t) => {
  const { slot, told, ids, begun, directory } = await severalSlot(t)

  const running = told('exit 5', 'sleep 600', 'exit 0')
  await waitFor(() => begun().length === 2, { what: 'the program to begin' })
  const journal = readFileSync(join(directory, 'state', 'slot-0.journal'), 'latin1')
  process.kill(-Number(/^S .* (\d+)$/m.exec(journal)?.[1]), 'SIGKILL')
  const { endings, returned } = await running

  assert.deepEqual(
    endings.map(({ result }) => [result.outcome.kind, result.runnerLost]),
    [
      ['exit', false],
      ['crashed', true],
    ],
  )
  assert.deepEqual([returned, slot.needsSettling()], [[ids(3)], true])
})

test('whoever reads what a dead worker left behind recalls its runners first', async (t) => {
  const { told, begun, release, directory } = await severalSlot(t)

  const running = told('while [ ! -e go ]; do sleep 0.01; done', 'exit 0')
  await waitFor(() => begun().length === 1, { what: 'the first to begin' })
  const [inherited] = readInheritance(join(directory, 'state'))
  release('go')
  const { endings } = await running

  assert.equal(inherited?.attempts.at(-1)?.isUnderWay, true)
  assert.deepEqual([endings.length, begun().length], [1, 1])
})

test('without a runner, with an output before them, or with little time, tasks are not told ahead', async (t) => {
  const { slot, several } = await severalSlot(t)
  const may = (task: Partial<ClaimedTask>) => slot.mayRunAhead(claimed({ task: 'act', ...task }))

  assert.equal(slot.canRunAhead, true)
  assert.deepEqual(
    [
      may({}),
      may({ uselessAt: performance.now() + 500 }),
      may({ param: 'a'.repeat(5_000) }),
      may({ param: '\0' }),
      may({ task: 'absent' }),
      may({ task: 'program.warm' }),
    ],
    [true, false, false, false, false, false],
  )
  await several([{ param: 'echo' }])
  assert.equal(slot.canRunAhead, false)
})

type Returned = (id: number) => void

/** Looks at it as the worker does now and then. */
function isSeenAlone(slot: Slot): boolean {
  slot.several?.look()
  return slot.several === undefined
}

/** A slot with a runner that lives; `told` gives it several tasks with these parameters, whose ids count on. */
async function severalSlot(t: TestContext) {
  const { slot, directory, write } = warmSlot(t)
  write('act', ACT)
  await slot.run(claimed({ id: 1, task: 'act', param: 'rm begun' }))
  let last = 1
  const base = last

  async function several(given: readonly Partial<ClaimedTask>[], onReturned: Returned = () => {}) {
    const tasks = given.map((task) => {
      last++
      return claimed({ task: 'act', ...task, id: last, claimToken: last })
    })
    const returned: number[] = []
    const endings: readonly Ending[] = await slot.runAll(tasks, (back) => {
      for (const { id } of back) {
        returned.push(id)
        onReturned(id)
      }
    })
    return { endings, returned }
  }

  return {
    slot,
    directory,
    write,
    several,
    told: (...params: (string | Returned)[]) =>
      several(
        params.flatMap((param) => (typeof param === 'string' ? [{ param }] : [])),
        params.find((param) => typeof param === 'function'),
      ),
    ids: (n: number) => base + n,
    begun: () =>
      existsSync(join(directory, 'begun'))
        ? readFileSync(join(directory, 'begun'), 'utf8').split('\n').filter(Boolean).map(Number)
        : [],
    release: (name: string) => write(`../${name}`, ''),
  }
}
