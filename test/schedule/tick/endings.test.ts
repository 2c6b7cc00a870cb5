import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenSlot } from '../../../src/queue/store/read-slot.ts'
import type { Decision } from '../../../src/schedule/tick/decide.ts'
import { endingsOf } from '../../../src/schedule/tick/endings.ts'
import type { Choice } from '../../../src/schedule/tick/start.ts'
import { plannedJob } from '../planned-job.ts'

const AT = Date.UTC(2026, 10, 20, 1, 30)
const MAIL = plannedJob({ kind: 'queue', queue: 'mail', shards: 1 })
const WORKERS: Decision = {
  kind: 'start',
  reason: '1 shard',
  deed: { kind: 'workers', total: 1, shards: [0], maxTimeMs: undefined },
}

test('a run of a command has ended as its task did, where it was started', () => {
  const result = { outcome: 'failed', exitCode: 3, exitSignal: null } as const
  const task = { status: 'failed', isDue: false, attempts: 4, error: 'exit code 3: full', finishedAt: AT } as const
  const owner = { host: 'web-2', bootId: 'b', pid: 1, pidStart: 1 }
  const slot = { job: 'backup', slotAt: AT, owner, task: { ...task, ...result } } as unknown as OpenSlot

  const [ending] = endingsOf({ ended: [{ slot, ...result, endedAt: AT }], held: [], choices: [], unlaunched: [] })

  assert.deepEqual(ending, {
    ...{ job: 'backup', slotAt: AT, host: 'web-2' },
    ...{ ...result, attempts: 4, error: 'exit code 3: full' },
  })
})

test('a run that is held has failed, as far as anybody can tell', () => {
  const task = { status: 'held', attempts: 1, error: 'its runner ended in the middle of it' }
  const slot = { job: 'backup', slotAt: AT, owner: { host: 'web-2' }, task } as unknown as OpenSlot

  const [ending] = endingsOf({ ended: [], held: [slot], choices: [], unlaunched: [] })

  assert.deepEqual(ending, {
    ...{ job: 'backup', slotAt: AT, host: 'web-2', outcome: 'failed', exitCode: null, exitSignal: null, attempts: 1 },
    error: 'held until somebody releases it: its runner ended in the middle of it',
  })
})

test('workers that were started, and tasks that were added, have gone well; a run has not ended yet', () => {
  const tasks: Decision = { kind: 'start', reason: '', deed: { kind: 'tasks', rows: [] } }
  const run: Decision = { kind: 'start', reason: '', deed: { kind: 'run', replaces: false, timeoutMs: undefined } }

  assert.deepEqual(outcomes([choice(WORKERS, 2), choice(tasks, 1), choice(run, 0)]), [
    ['done', AT + 60_000, null],
    ['done', AT + 120_000, null],
  ])
})

test('what was in trouble, or was not launched, has not started; what is only skipped says nothing', () => {
  const trouble: Decision = { kind: 'no', verdict: 'failed', reason: 'onlyIf threw', trouble: true }
  const skipped: Decision = { kind: 'no', verdict: 'paused', reason: 'by hand' }
  const unlaunched = choice(WORKERS, 1)

  assert.deepEqual(
    outcomes([choice(trouble, 0), unlaunched, choice(skipped, 2)], [{ choice: unlaunched, reason: 'EAGAIN' }]),
    [
      ['not-started', AT, 'onlyIf threw'],
      ['not-started', AT + 60_000, 'EAGAIN'],
    ],
  )
})

function outcomes(choices: readonly Choice[], unlaunched: { choice: Choice; reason: string }[] = []) {
  return endingsOf({ ended: [], held: [], choices, unlaunched }).map(({ outcome, slotAt, error }) => [
    outcome,
    slotAt,
    error,
  ])
}

function choice(decision: Decision, minutes: number): Choice {
  return { job: MAIL, key: { job: 'mail', slotAt: AT + minutes * 60_000, place: '' }, lateMs: 0, decision }
}
