/**
 * The audit finds each kind of fault in a story that has it, and nothing in one that has none.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit } from './audit.ts'
import { type Evidence, parseSignature } from './evidence.ts'
import { exit, signed, story, task } from './story.ts'

test('a story in which everything went well has no findings', () => {
  const evidence = story({
    tasks: [task(1), task(2), task(3, { status: 'failed' }), task(4, { status: 'cancelled' })],
    attempts: [exit(2, 75), exit(3, 1), exit(3, 1)],
    signatures: signed('1 start 0', '1 end 0', '2 start 1', '2 end 75', '2 start 2', '2 end 0').concat(
      signed('3 start 3', '3 end 1', '3 start 4', '3 end 1'),
    ),
    deeds: [{ kind: 'task cancelled', atMs: 10, taskId: 4 }],
    logged: { 1: 1, 2: 2, 3: 2 },
  })

  assert.deepEqual(audit(evidence).findings, [])
})

const STORIES_OF_KILLS = {
  'a runner was killed, so nobody saw the end, and the task was run again': {
    outcome: 'crashed',
    deed: { kind: 'runner killed', atMs: 100, pid: 1_000 },
  },
  'a program was killed, and its task was run again': {
    outcome: 'signal',
    deed: { kind: 'program killed', atMs: 100, pid: 10 },
  },
} as const

for (const [name, { outcome, deed }] of Object.entries(STORIES_OF_KILLS)) {
  test(`${name}: that is counted and is no finding`, () => {
    const evidence = story({
      tasks: [task(1)],
      attempts: [{ taskId: 1, outcome, exitCode: null }],
      signatures: signed('1 start 0', '1 start 1', '1 end 0'),
      deeds: [deed],
      logged: { 1: 2 },
    })

    const { findings, counts } = audit(evidence)

    assert.deepEqual(findings, [])
    assert.equal(Object.entries(counts).find(([what]) => what.startsWith('run again'))?.[1], 1)
  })

  test(`the same without the killer's word for it (${outcome}): run twice, and an end that nothing explains`, () => {
    const attempts = [{ taskId: 1, outcome, exitCode: null }]
    const signatures = signed('1 start 0', '1 start 1', '1 end 0')
    const unknown = story({ tasks: [task(1)], attempts, signatures, logged: { 1: 2 } })
    const another = { ...unknown, deeds: [{ ...deed, pid: 77 }] }
    const later = { ...unknown, deeds: [{ ...deed, atMs: 60_000 }] }

    for (const evidence of [unknown, another, later])
      assert.deepEqual(kinds(evidence), ['run twice', 'unexplained end'])
  })
}

test('a program that signs only when its runner was killed already has an explanation, if a runner was killed then', () => {
  const orphan = signed('1 start 0', '1 start 1', '1 end 0').map((it, i) => (i === 0 ? { ...it, runner: 1 } : it))
  const told = (atMs: number) =>
    story({
      tasks: [task(1)],
      attempts: [{ taskId: 1, outcome: 'crashed', exitCode: null }],
      signatures: orphan,
      deeds: [{ kind: 'runner killed', atMs, pid: 1_000 }],
      logged: { 1: 2 },
    })

  assert.deepEqual(kinds(told(-500)), [])
  assert.deepEqual(kinds(told(-5_000)), ['run twice', 'unexplained end'])
})

const FAULTS: Record<string, { readonly evidence: Evidence; readonly finds: readonly string[] }> = {
  'a row that was added and is gone': {
    evidence: story({
      acknowledged: [1, 2],
      tasks: [task(1)],
      signatures: signed('1 start 0', '1 end 0'),
      logged: { 1: 1 },
    }),
    finds: ['lost'],
  },
  'a task that is done, whose program never began': {
    evidence: story({ tasks: [task(1)], logged: { 1: 1 } }),
    finds: ['lost', 'booked wrongly'],
  },
  'a task that is done, whose program never ended': {
    evidence: story({ tasks: [task(1)], signatures: signed('1 start 0'), logged: { 1: 1 } }),
    finds: ['lost'],
  },
  'a task that is done, whose program ended badly': {
    evidence: story({ tasks: [task(1)], signatures: signed('1 start 0', '1 end 3'), logged: { 1: 1 } }),
    finds: ['lost'],
  },
  'a task that has failed with attempts left': {
    evidence: story({
      tasks: [task(1, { status: 'failed', maxAttempts: 3 })],
      attempts: [exit(1, 1)],
      signatures: signed('1 start 0', '1 end 1'),
      logged: { 1: 1 },
    }),
    finds: ['lost'],
  },
  'a task that is cancelled, and nobody did that': {
    evidence: story({ tasks: [task(1, { status: 'cancelled' })] }),
    finds: ['lost'],
  },
  'a task that was done and is run again': {
    evidence: story({
      tasks: [task(1)],
      signatures: signed('1 start 0', '1 end 0', '1 start 1', '1 end 0'),
      logged: { 1: 1 },
    }),
    finds: ['run twice', 'booked wrongly'],
  },
  'a task that is never to be retried and is run again': {
    evidence: story({
      tasks: [task(1)],
      attempts: [exit(1, 65)],
      signatures: signed('1 start 0', '1 end 65', '1 start 1', '1 end 0'),
      logged: { 1: 2 },
    }),
    finds: ['run twice'],
  },
  'a task that is started a second time while it runs': {
    evidence: story({
      tasks: [task(1)],
      attempts: [{ taskId: 1, outcome: 'crashed', exitCode: null }],
      signatures: signed('1 start 0', '1 start 1', '1 end 0 0', '1 end 0 1'),
      deeds: [{ kind: 'runner killed', atMs: 100, pid: 1_000 }],
      logged: { 1: 2 },
    }),
    finds: ['overlapping'],
  },
  'a task of a key that begins before the one that was added earlier': {
    evidence: story({
      tasks: [task(1, { key: 'a' }), task(2, { key: 'a' }), task(3, { key: 'b' })],
      signatures: signed('3 start 9', '3 end 0', '2 start 0', '2 end 0', '1 start 1', '1 end 0'),
      logged: { 1: 1, 2: 1, 3: 1 },
    }),
    finds: ['out of order'],
  },
  'a task of a key that begins between two runs of the one that was added earlier': {
    evidence: story({
      tasks: [task(1, { key: 'a' }), task(2, { key: 'a' })],
      attempts: [exit(1, 1)],
      signatures: signed('1 start 0', '1 end 1', '2 start 1', '2 end 0', '1 start 2', '1 end 0'),
      logged: { 1: 2, 2: 1 },
    }),
    finds: ['out of order'],
  },
  'two tasks of a key at one time': {
    evidence: story({
      tasks: [task(1, { key: 'a' }), task(2, { key: 'a' })],
      signatures: signed('1 start 0', '2 start 1', '1 end 0 0', '2 end 0 1'),
      logged: { 1: 1, 2: 1 },
    }),
    finds: ['overlapping'],
  },
  'a row that is still running': {
    evidence: story({ tasks: [task(1, { status: 'running' })], signatures: signed('1 start 0', '1 end 0') }),
    finds: ['stuck', 'booked wrongly'],
  },
  'a row that nobody takes': {
    evidence: story({ tasks: [task(1, { status: 'ready' })] }),
    finds: ['stuck'],
  },
  'an attempt that is booked twice': {
    evidence: story({
      tasks: [task(1)],
      attempts: [exit(1, 1), exit(1, 1)],
      signatures: signed('1 start 0', '1 end 1', '1 start 1', '1 end 0'),
      logged: { 1: 3 },
    }),
    finds: ['booked wrongly', 'booked wrongly'],
  },
  'an attempt that is in the log twice': {
    evidence: story({ tasks: [task(1)], signatures: signed('1 start 0', '1 end 0'), logged: { 1: 2 } }),
    finds: ['logged wrongly'],
  },
  'an attempt that is not in the log': {
    evidence: story({ tasks: [task(1)], signatures: signed('1 start 0', '1 end 0') }),
    finds: ['logged wrongly'],
  },
  'a program that was stopped, though nobody told its worker to': {
    evidence: story({
      tasks: [task(1)],
      attempts: [{ taskId: 1, outcome: 'stopped', exitCode: null }],
      signatures: signed('1 start 0', '1 start 1', '1 end 0'),
      logged: { 1: 2 },
    }),
    finds: ['unexplained end'],
  },
  'an output that is not what the program wrote': {
    evidence: story({
      tasks: [task(1, { outputIsExact: false })],
      signatures: signed('1 start 0', '1 end 0'),
      logged: { 1: 1 },
    }),
    finds: ['output wrong'],
  },
  'an error that came to light': { evidence: story({ surfaced: ['Deadlock found'] }), finds: ['surfaced'] },
  'something that is left': { evidence: story({ left: ['worker-1'] }), finds: ['left behind'] },
}

for (const [name, { evidence, finds }] of Object.entries(FAULTS)) {
  test(`${name} is found`, () => {
    assert.deepEqual(kinds(evidence), finds)
  })
}

test('a line that no program writes is not passed over', () => {
  assert.throws(() => parseSignature('1 1 began 2 3 4 -'), /is no signature/)
  assert.throws(() => parseSignature('1 1 start'), /is no signature/)
})

function kinds(evidence: Evidence): string[] {
  return audit(evidence).findings.map(({ kind }) => kind)
}
