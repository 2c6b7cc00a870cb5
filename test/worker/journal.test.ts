import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { childrenMs, type JournalEntry, readJournal, startRecord } from '../../src/worker/journal.ts'

const CLAIM = { id: 12, attempt: 2, claimToken: 99 }
const START = '\nS 12 2 99 40 1700000000000 4711\n'
const END = '\nE 12 2 99 3\n0m0.01s 0m0.00s\n0m1.20s 0m0.30s\n'

test('what a shell writes is read back', () => {
  const script = `r=7; echo "${startRecord(CLAIM, 40, 1_700_000_000_000)}"; { echo "\nE ${CLAIM.id} ${CLAIM.attempt} ${CLAIM.claimToken} $r"; times; }`
  const { stdout, pid } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' })

  const [entry] = readJournal(stdout).entries

  assert.deepEqual(entry?.start, { offset: 40, at: 1_700_000_000_000, pid })
  assert.equal(entry?.end?.status, 7)
})

test('a start without an end is open, and with one it has status and CPU time', () => {
  assert.deepEqual(only(START), { ...CLAIM, start: { offset: 40, at: 1_700_000_000_000, pid: 4711 }, end: undefined })
  assert.deepEqual(only(START + END).end, { status: 3, cpuMs: 1_500 })
})

test('the CPU time of a program is what its shell has used since the program before', () => {
  const second = '\nS 13 1 99 40 1700000000000 4711\n\nE 13 1 99 0\n0m0.01s 0m0.00s\n0m1.70s 0m0.30s\n'
  const ofAnotherShell = second.replace('4711', '4712')

  assert.deepEqual(cpu(START + END + second), [1_500, 500])
  assert.deepEqual(cpu(START + END + ofAnotherShell), [1_500, 2_000])
})

test('what a warm program answered is read back whatever is in it, and why another did not', () => {
  const said = `{"id":12,"exit":3,"error":"é 🐢 \\n E 12 2 99 0 \u2028"} \r`
  const text = Buffer.from(`${START}\nA 12 2 99 =${said}\n\nS 13 1 99 40 1 4711\n\nA 13 1 99 !ended\n`).toString(
    'latin1',
  )

  const { entries, endsSpoilt } = readJournal(text)

  assert.deepEqual(
    entries.map(({ end }) => end),
    [
      { answer: `=${said}`, cpuMs: 0 },
      { answer: '!ended', cpuMs: 0 },
    ],
  )
  assert.equal(entries[0]?.start?.offset, 40)
  assert.ok(!endsSpoilt)
})

test('an answer that is cut or spoilt is none', () => {
  for (const line of ['A 12 2 99', 'A 12 2 99 ', 'A 12 2 99 x', 'A 12 2 =ok']) {
    const { entries, endsSpoilt } = readJournal(`${START}\n${line}`)
    assert.deepEqual([entries[0]?.end, endsSpoilt], [undefined, true])
  }
})

test('runners that take turns have CPU times of their own', () => {
  const record = (id: number, pid: number, total: string) =>
    `\nS ${id} 1 99 0 1 ${pid}\n\nE ${id} 1 99 0\n0m0.00s 0m0.00s\n0m${total}s 0m0.00s\n`

  assert.deepEqual(cpu(record(1, 50, '1.00') + record(2, 60, '0.10') + record(3, 50, '1.20')), [1_000, 100, 200])
})

test('one token may have claimed many rows, and one row may be claimed again', () => {
  const text = '\nS 1 1 99 0 1 5\n\nE 1 1 99 0\n\nS 2 1 99 0 2 5\n\nS 1 2 100 0 3 5\n'

  assert.deepEqual(
    readJournal(text).entries.map(({ id, claimToken, end }) => [id, claimToken, end?.status]),
    [
      [1, 99, 0],
      [2, 99, undefined],
      [1, 100, undefined],
    ],
  )
})

for (const [what, spoil] of [
  ['garbage', (text: string) => `\0\0\xff\x01 S 1 E\n${text}`],
  ['a line that is cut', (text: string) => `S 7 1 5${text}`],
  ['a line of another kind', (text: string) => `T 1 2 3\n${text}`],
  ['numbers that no number holds', (text: string) => `\nS 99999999999999999999 1 1 1 1 1\n${text}`],
] as const) {
  test(`${what} takes nothing else with it`, () => {
    const journal = readJournal(spoil(START + END))

    assert.deepEqual(
      journal.entries.map(({ id, end }) => [id, end?.status]),
      [[12, 3]],
    )
  })
}

test('an end whose start is spoilt is known all the same, without the place of its output', () => {
  const entry = only(`\nS 12 2 9${END}`)

  assert.deepEqual([entry.id, entry.claimToken, entry.start, entry.end?.status], [12, 99, undefined, 3])
})

test('a start that is torn behind its id leaves that task uncertain, and no other', () => {
  assert.deepEqual([...readJournal('\nS 12 2 9').torn], [12])
  assert.deepEqual([...readJournal('\nS 12').torn], [])
  assert.deepEqual([...readJournal(START).torn], [])
})

test('the time of a shell is read with either decimal mark', () => {
  assert.equal(childrenMs('1m0.25s 0m0.5s'), 60_750)
  assert.equal(childrenMs('0m0,250s 0m0,010s'), 260)
  assert.equal(childrenMs('0m0.2'), undefined)
})

function only(text: string): JournalEntry {
  const { entries } = readJournal(text)
  assert.equal(entries.length, 1)
  return entries[0] as JournalEntry
}

function cpu(text: string): (number | undefined)[] {
  return readJournal(text).entries.map(({ end }) => end?.cpuMs)
}
