import assert from 'node:assert/strict'
import test from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { table } from '../../src/bin/table.ts'

const COLUMNS = ['JOB', { title: 'WHEN', least: 6 }, { title: 'REASON', least: 10 }, 'QUEUE']
const ROWS = [
  ['mail', 'every 1m', 'started: 4 shards', 'mail'],
  ['nightly', 'cron 30 2 * * mon-fri', 'the queue had nothing ready at that time', 'report'],
]

test('a pipe gets everything, between tabs, and one line for each row', () => {
  const text = table(COLUMNS, [...ROWS, ['odd', 'a\tb', 'two\nlines', '']], terminal(0))

  const lines = text.split('\n')
  assert.equal(lines[0], 'JOB\tWHEN\tREASON\tQUEUE')
  assert.equal(lines[2], 'nightly\tcron 30 2 * * mon-fri\tthe queue had nothing ready at that time\treport')
  assert.equal(lines[3], 'odd\ta\\tb\ttwo\\nlines\t')
  assert.equal(lines.length, 5)
})

test('on a terminal it fits, and what may not be cut is whole', () => {
  for (const width of [50, 70, 120]) {
    const lines = stripVTControlCharacters(table(COLUMNS, ROWS, terminal(width)))
      .trimEnd()
      .split('\n')

    assert.ok(Math.max(...lines.map((line) => line.length)) <= width, `${width}:\n${lines.join('\n')}`)
    assert.match(lines[2] ?? '', /^nightly .* report$/)
    assert.equal(lines.join('\n').includes('…'), width < 100)
  }
})

test('the widest column that may be cut gives way first', () => {
  const [, , nightly] = stripVTControlCharacters(table(COLUMNS, ROWS, terminal(72))).split('\n')

  assert.match(nightly ?? '', /cron 30 2 \* \* mon-fri {2}the queue had nothing r.*…/)
})

test('a character that takes two columns of the terminal is measured as two, and never cut in half', () => {
  const text = table(
    [{ title: 'A', least: 4 }, 'B'],
    [
      ['😀😀😀😀', 'b'],
      ['任务', 'b'],
    ],
    terminal(7),
  )

  assert.equal(stripVTControlCharacters(text), 'A     B\n😀…   b\n任务  b\n')
})

test('a cell has the style of its column, and its padding has none', () => {
  process.env.FORCE_COLOR = '1'
  try {
    const style = (cell: string) => (cell === 'failed' ? 'red' : undefined)
    const text = table(
      ['JOB', { title: 'LAST', style }, 'X'],
      [
        ['a', 'failed', 'x'],
        ['b', 'started', 'y'],
      ],
      terminal(80),
    )

    assert.ok(text.includes('\x1b[31mfailed\x1b[39m   x'), JSON.stringify(text))
    assert.ok(text.includes('started  y'))
  } finally {
    delete process.env.FORCE_COLOR
  }
})

/** @param columns  0 for a pipe */
function terminal(columns: number): NodeJS.WriteStream {
  return Object.assign(Object.create(process.stdout), { isTTY: columns > 0, columns, getColorDepth: () => 8 })
}
