/** The board as lines: what stands on it in a window of any size, whatever the rows say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { widthOf } from '../../../src/ctl/display-width.ts'
import { type BoardState, firstState } from '../../../src/ctl/top/board-state.ts'
import type { BoardFacts } from '../../../src/ctl/top/facts.ts'
import { frame, type Size } from '../../../src/ctl/top/frame.ts'
import { plainText } from '../../../src/ctl/top/line.ts'
import { boardFacts, exact, NOW, queueFacts, runningFacts, workerFacts } from './facts.ts'

const OPTIONS = { place: 'shop on db-1', zone: 'UTC', ageMs: 0 }
const SMALL: Size = { columns: 80, rows: 24 }
const BOARD = firstState({ kind: 'board' }, 1_000)

test('a board with one of everything', () => {
  const facts = boardFacts({
    queues: [
      queueFacts('mail', { ready: exact(14_201), running: exact(1), failed: exact(17), oldestReadyMs: 245_000 }),
      queueFacts('orders', { ready: { count: 25_100, isExact: false, isLeast: false }, held: exact(2) }),
    ],
    workers: [workerFacts('mail', { running: 1 }), workerFacts('orders', { pid: 5, asked: true })],
    running: [runningFacts(17, { shardKey: 'customer-4' })],
  })

  const lines = textOf(facts, BOARD)

  assert.deepEqual(lines.slice(0, 12), [
    'queuectl top  shop on db-1                            2026-11-20 18:04:05  fresh',
    '  QUEUE         READY SCHED   RUN  HELD FAILED OLDEST DONE/M FAIL/M HOUR',
    '  mail          14.2k     0     1     0     17   4m5s      0      0 ············',
    '  orders       ~25.1k     0     0     2      0             0      0 ············',
    '',
    '  WORKER                    QUEUE            SHARDS         RUN     UP     LEASE',
    '  web-1:1234                mail             0-1 of 4         1   2h5m       52s',
    '  web-1:5                   orders           0-1 of 4         0   2h5m   leaving',
    '',
    '     RUNNING    FOR PROGRAM          WORKER           KEY, PARAMETER',
    '          17   4m5s send-msg         web-1:1234       customer-4  uid=4',
    '',
  ])
  assert.equal(lines.at(-1), ' ↑↓ mark  Enter open  p pause  ? keys  q leave                          every 1s')
})

test('a text of a row moves no column and no cursor', () => {
  const running = [
    runningFacts(1, { task: 'メールを送信する', param: '\u001b[2J\r\nüid=👨‍👩‍👧' }),
    runningFacts(2, { task: 'send', shardKey: 'e\u0301\u202e' }),
  ]

  const [title = '', first = '', second = ''] = textOf(boardFacts({ running }), BOARD).slice(1)

  const columnOf = (line: string, text: string) => widthOf(line.slice(0, line.indexOf(text)))
  assert.equal(columnOf(first, 'web-1:1234'), columnOf(title, 'WORKER'))
  assert.equal(columnOf(second, 'web-1:1234'), columnOf(title, 'WORKER'))
  assert.ok(first.endsWith('\\u001b[2J\\r\\nüid=👨👩👧'), first)
})

test('no frame is wider or higher than its window, whatever stands in the rows', () => {
  const text = fc.string({ unit: 'binary', maxLength: 120 })
  const facts = fc.record({
    names: fc.array(text, { maxLength: 30 }),
    param: text,
    many: fc.integer({ min: 0, max: 60 }),
  })
  fc.assert(
    fc.property(facts, fc.integer({ min: 20, max: 200 }), fc.integer({ min: 5, max: 60 }), (given, columns, rows) => {
      const board = boardFacts({
        queues: given.names.map((name) => queueFacts(name, { ready: exact(123_456_789) })),
        workers: given.names.map((name) => workerFacts(name, { host: name, leaseOver: true })),
        running: Array.from({ length: given.many }, (_, id) =>
          runningFacts(id, { param: given.param, task: given.param }),
        ),
        troubles: [{ kind: 'incident', text: given.param }],
      })

      const lines = textOf(board, BOARD, { columns, rows })

      assert.ok(lines.length <= rows)
      assert.deepEqual(
        lines.filter((line) => widthOf(line) > columns),
        [],
      )
    }),
    { numRuns: 60 },
  )
})

test('of a worker with a long name the process is still told', () => {
  const lines = textOf(boardFacts({ running: [runningFacts(17, { worker: 'web-1.shop.example.com:1234' })] }), BOARD)

  assert.match(lines[2] ?? '', / web-1\.shop…:1234 /)
})

test('a window that is too small is told so in one line', () => {
  const facts = boardFacts({ queues: [queueFacts('mail')] })

  const frames = [textOf(facts, BOARD, { columns: 59, rows: 24 }), textOf(facts, BOARD, { columns: 80, rows: 14 })]

  assert.deepEqual(frames, [['The board needs 60 × 15.'], ['The board needs 60 × 15.']])
  assert.equal(textOf(facts, BOARD, { columns: 60, rows: 15 }).length, 15)
})

test('where not everything has room, each part has some, and what is hidden is counted', () => {
  const facts = boardFacts({
    queues: Array.from({ length: 40 }, (_, i) => queueFacts(`queue-${i}`)),
    workers: Array.from({ length: 40 }, (_, i) => workerFacts('queue-0', { pid: i })),
    running: Array.from({ length: 40 }, (_, i) => runningFacts(i)),
  })

  const lines = textOf(facts, BOARD)

  for (const title of ['QUEUE ', 'WORKER ', 'RUNNING '])
    assert.ok(
      lines.some((line) => line.includes(title)),
      title,
    )
  assert.equal(lines.filter((line) => /… and \d+ more/.test(line)).length, 3)
})

test('the marked row is shown, wherever it is, and marked by a sign', () => {
  const queues = Array.from({ length: 100 }, (_, i) => queueFacts(`queue-${i}`))
  const state: BoardState = { ...BOARD, selected: { kind: 'queue', queue: 'queue-70' } }

  const lines = textOf(boardFacts({ queues }), state)

  assert.ok(lines.some((line) => line.startsWith('▸ queue-70 ')))
  assert.ok(lines.some((line) => /… \d+ more, \d+ of them above/.test(line)))
})

test('a problem of two lines is told whole, and before everything else', () => {
  const troubles = [
    { kind: 'incident' as const, text: `Job backup has not gone well ${'for a long time '.repeat(6)}.` },
  ]

  const [, first, second, third] = textOf(boardFacts({ queues: [queueFacts('mail')], troubles }), BOARD)

  assert.match(first ?? '', /^! Job backup has not/)
  assert.match(second ?? '', /^ {2}\S.*time \.$/)
  assert.equal(third, '')
})

test('while the database does not answer, the board says since when, and how old it is', () => {
  const facts = boardFacts({ queues: [queueFacts('mail')] })

  const lines = frame(
    facts,
    BOARD,
    { ...OPTIONS, ageMs: 12_300, away: 'The database does not answer: connect ECONNREFUSED.' },
    SMALL,
  ).map(plainText)

  assert.match(lines[0] ?? '', / 12s old$/)
  assert.equal(lines[1], '! The database does not answer: connect ECONNREFUSED. What is shown is 12s old.')
})

test('what was read a moment ago is fresh, and nothing later', () => {
  const ageOf = (ageMs: number) => plainText(frame(boardFacts(), BOARD, { ...OPTIONS, ageMs }, SMALL)[0] ?? [])

  assert.match(ageOf(1_999), /fresh$/)
  assert.match(ageOf(2_000), /2s old$/)
})

test('a task that was opened shows why it stands so, and the command to type next', () => {
  const state: BoardState = { ...BOARD, open: [{ kind: 'task', id: 17 }, { kind: 'board' }] }
  const detail = {
    ...{ kind: 'task' as const, id: 17, sentence: 'Task 17 failed: exit code 1.' },
    facts: [['task', `send-msg ${'x'.repeat(200)}`]] as const,
    next: { what: 'to run it again', command: 'queuectl retry 17' },
  }

  const lines = textOf(boardFacts({ detail }), state)

  assert.equal(lines[2], '  Task 17 failed: exit code 1.')
  assert.ok(lines.includes('  to run it again queuectl retry 17'))
  assert.deepEqual(textOf(boardFacts({ detail: { ...detail, id: 18 } }), state)[2], '  Task 17 …')
})

test('a board without a task says so', () => {
  assert.ok(textOf(boardFacts(), BOARD).includes('  No queue has a task, and no worker is there.'))
})

test('a queue that was opened shows what is its own', () => {
  const state: BoardState = { ...BOARD, open: [{ kind: 'queue', queue: 'orders' }, { kind: 'board' }] }
  const facts = boardFacts({
    queues: [queueFacts('mail'), queueFacts('orders')],
    workers: [workerFacts('mail')],
    running: [runningFacts(1), runningFacts(2, { queue: 'orders' })],
  })

  const lines = textOf(facts, state)

  assert.ok(!lines.some((line) => line.includes('mail')))
  assert.ok(lines.some((line) => line.startsWith('           2 ')))
  assert.ok(textOf(boardFacts(), state).includes('  Queue orders has no task, and no worker is there.'))
})

test('the time of the board is of its zone', () => {
  const [head = []] = frame(boardFacts({ now: NOW }), BOARD, { ...OPTIONS, zone: 'Asia/Tokyo' }, SMALL)

  assert.match(plainText(head), /2026-11-21 03:04:05/)
})

function textOf(facts: BoardFacts, state: BoardState, size = SMALL): string[] {
  return frame(facts, state, OPTIONS, size).map(plainText)
}
