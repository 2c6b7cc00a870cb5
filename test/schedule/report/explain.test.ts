import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { Driver } from '../../../src/queue/driver.ts'
import { addPause } from '../../../src/queue/store/pause.ts'
import { type ProcessIdentity, takeSeat } from '../../../src/queue/store/seat.ts'
import { type Decided, endSlot, insertSlots, type SlotEnding } from '../../../src/queue/store/slot.ts'
import { addStop, EVERY } from '../../../src/queue/store/stop.ts'
import { noteJobs, writeTick } from '../../../src/queue/store/tick-row.ts'
import type { PlannedJob } from '../../../src/schedule/language/plan.ts'
import { gatherEvidence } from '../../../src/schedule/report/evidence.ts'
import { explain, isAnsweredByCalendar, needsEvidence } from '../../../src/schedule/report/explain.ts'
import type { Case, Explanation, Question } from '../../../src/schedule/report/explanation.ts'
import { spreadOf } from '../../../src/schedule/tick/look-back.ts'
import { clockTime } from '../../../src/time/time-text.ts'
import { DATABASES, type Database } from '../../helpers/databases.ts'
import { openStore, PATIENCE_MS, put } from '../../queue/stores.ts'
import { plannedJob } from '../planned-job.ts'

const MINUTE_MS = 60_000
const SLOT = Date.UTC(2026, 10, 20, 2, 30)
const NOW = SLOT + 10 * 60 * MINUTE_MS
const SELF = { host: 'web-1', bootId: 'b', pid: 4711, pidStart: 1 }
const OTHER = { ...SELF, host: 'web-2', pid: 99 }

const REPORT = plannedJob({ kind: 'queue', queue: 'report', shards: 4 }, daily('report', '02:30'))
const BACKUP = plannedJob({ kind: 'exec', command: ['bin/backup'] }, daily('backup', '02:30'))

type Row = Partial<Decided> & { readonly at?: number; readonly changedAt?: number; readonly by?: ProcessIdentity }

interface Staged {
  readonly verdict: Row
  readonly case: Case
  readonly sentence: string | RegExp
  readonly facts?: Readonly<Record<string, string | RegExp>>
}

const VERDICTS: Readonly<Record<string, Staged>> = {
  'workers were started': {
    verdict: { verdict: 'started', reason: '3 of 4 shards' },
    case: 'ran',
    sentence: 'report ran for 2026-11-20 02:30: started at 2026-11-20 02:30:02 by web-1:4711, 3 of 4 shards.',
    facts: { verdict: 'started: 3 of 4 shards', decided: '2026-11-20 02:30:02 by web-1:4711', 'due by': 'daily 02:30' },
  },
  'another host started it': {
    verdict: { verdict: 'started', reason: '4 shards', by: OTHER },
    case: 'ran',
    sentence: /by web-2:99, 4 shards\.$/,
    facts: { decided: /by web-2:99, which is another host$/ },
  },
  'it was made up for': {
    verdict: { verdict: 'started', reason: '4 shards', at: SLOT + 47 * MINUTE_MS },
    case: 'ran-late',
    sentence: 'report ran for 2026-11-20 02:30, 47m late: started at 2026-11-20 03:17:00 by web-1:4711, 4 shards.',
    facts: { 'decided after': '2026-11-20 03:17:00 on web-1' },
  },
  'a person asked for it': {
    verdict: { verdict: 'started', reason: '4 shards', place: 'hand:1', at: SLOT + 47 * MINUTE_MS },
    case: 'ran',
    sentence: /^report ran for 2026-11-20 02:30: started at 2026-11-20 03:17:00/,
  },
  'nothing was ready': {
    verdict: { verdict: 'empty', reason: 'queue report has nothing ready' },
    case: 'empty',
    sentence: 'report had nothing to do for 2026-11-20 02:30: queue report has nothing ready.',
  },
  'its shards were held': {
    verdict: { verdict: 'overlap', reason: 'every shard with work is held: 0 by web-1:12' },
    case: 'overlap',
    sentence:
      'report was not started for 2026-11-20 02:30, because what it had started before was still at work: every shard with work is held: 0 by web-1:12.',
  },
  'it was paused': {
    verdict: { verdict: 'paused', reason: 'disk swap, ask Ana' },
    case: 'paused',
    sentence: 'report was not started for 2026-11-20 02:30, because it was paused: disk swap, ask Ana.',
  },
  'it was stopped': {
    verdict: { verdict: 'stopped', reason: 'stopped since 2026-11-20 01:00 by ana@web-1: …' },
    case: 'stopped',
    sentence: /, because it was stopped since 2026-11-20 01:00 by ana@web-1/,
  },
  'the machine was busy': {
    verdict: { verdict: 'load', reason: '3.2 for each core, and maxLoad is 2' },
    case: 'load',
    sentence: /because the machine had too much to do: 3\.2 for each core, and maxLoad is 2\.$/,
  },
  'its condition said no': {
    verdict: { verdict: 'condition', reason: 'holiday' },
    case: 'condition',
    sentence: /because its conditions did not hold: holiday\.$/,
  },
  'it waits for its turn': {
    verdict: { verdict: 'waiting', cause: 'catch-up', reason: '7 slots wait', isOpen: true },
    case: 'waiting',
    sentence:
      'report has not run yet for 2026-11-20 02:30: it waits for its turn, because many slots were missed: 7 slots wait.',
  },
  'it could not be started': {
    verdict: { verdict: 'failed', reason: 'spawn EAGAIN' },
    case: 'not-started',
    sentence: 'report could not be started for 2026-11-20 02:30: spawn EAGAIN.',
  },
  'nobody was there in time': {
    verdict: { verdict: 'missed', reason: 'no tick for 9h, and catchUp.within is 1h', at: SLOT + 9 * 60 * MINUTE_MS },
    case: 'missed',
    sentence: 'report was missed for 2026-11-20 02:30: no tick for 9h, and catchUp.within is 1h.',
    facts: { 'decided after': '2026-11-20 11:30:00 on web-1' },
  },
  'tasks were added': {
    verdict: { verdict: 'enqueued', reason: '12 tasks' },
    case: 'enqueued',
    sentence: 'report added its tasks for 2026-11-20 02:30 at 2026-11-20 02:30:02: 12 tasks.',
  },
  'its tick died': {
    verdict: { verdict: 'starting', isOpen: true },
    case: 'starting',
    sentence:
      /^report was about to be started for .* by web-1:4711, .* ago, which then died: the next tick takes it over\.$/,
  },
}

for (const database of DATABASES) {
  test(`each verdict is a sentence with its facts (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    for (const [what, { verdict, case: kind, sentence, facts = {} }] of Object.entries(VERDICTS)) {
      await db.run('DELETE FROM slot')
      await decide(db, REPORT, verdict)

      const explained = await why(db, REPORT)

      assert.equal(explained.case, kind, what)
      matches(explained.sentence, sentence, what)
      for (const [label, value] of Object.entries(facts)) matches(fact(explained, label), value, `${what}: ${label}`)
    }
  })

  test(`runs that a person asked for, and those of other hosts, are facts beside (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const prune = plannedJob({ kind: 'enqueue' }, { ...daily('prune', '02:30'), hosts: 'each' })
    await decide(db, prune, { verdict: 'enqueued', reason: '1 task', place: 'web-2', by: OTHER })
    await decide(db, prune, { verdict: 'enqueued', reason: '2 tasks', place: 'web-1' })
    await decide(db, prune, { verdict: 'enqueued', reason: '3 tasks', place: 'hand:1' })

    const explained = await why(db, prune)

    assert.equal(explained.sentence, 'prune added its tasks for 2026-11-20 02:30 at 2026-11-20 02:30:02: 2 tasks.')
    assert.equal(fact(explained, 'on web-2'), 'enqueued at 2026-11-20 02:30:02: 1 task')
    assert.equal(fact(explained, 'run by hand'), 'enqueued at 2026-11-20 02:30:02: 3 tasks')
  })

  test(`a run of a command tells how it ended, and its task (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const id = await run(db)
    await decide(db, BACKUP, { verdict: 'started', taskId: id, isOpen: true })
    const running = await why(db, BACKUP)
    await end(db, BACKUP, { outcome: 'failed', exitCode: 3, endedAt: SLOT + 5 * MINUTE_MS })

    const failed = await why(db, BACKUP)

    assert.deepEqual([running.case, fact(running, 'task')], ['waiting', `${id}; see "queuectl why ${id}"`])
    assert.equal(failed.case, 'run-failed')
    assert.match(failed.sentence, /, failed at 2026-11-20 02:35:00 with exit code 3\.$/)
    assert.deepEqual([fact(failed, 'exit code'), fact(failed, 'ended')], ['3', '2026-11-20 02:35:00'])
  })

  test(`a run that goes on, and one that is tried again (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const id = await run(db)
    await decide(db, BACKUP, { verdict: 'started', taskId: id, isOpen: true })
    const { fromMs } = db.dialect
    await db.run(`UPDATE queue SET status = 2, started_at = ${fromMs('?')} WHERE id = ?`, [SLOT + 3_000, id])
    const goesOn = await why(db, BACKUP)
    await db.run(`UPDATE queue SET status = 4, exit_code = 1, run_at = ${fromMs('?')} WHERE id = ?`, [
      NOW + 5 * MINUTE_MS,
      id,
    ])

    const again = await why(db, BACKUP)

    assert.deepEqual(
      [goesOn.case, goesOn.sentence],
      ['running', 'backup is running for 2026-11-20 02:30, since 2026-11-20 02:30:03 (10h ago).'],
    )
    assert.match(
      again.sentence,
      /did not end well with exit code 1: it is tried again at 2026-11-20 12:35:00 \(in 5m\)\.$/,
    )
  })

  test(`what was in the way is named, with its slot and its end (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const earlier = SLOT - 24 * 60 * MINUTE_MS
    await decide(db, BACKUP, { slotAt: earlier, verdict: 'started', taskId: await run(db), isOpen: true, at: earlier })
    await end(db, BACKUP, { outcome: 'done', exitCode: 0, endedAt: SLOT + 60 * MINUTE_MS }, earlier)
    await decide(db, BACKUP, { verdict: 'overlap', reason: 'task 1 is running' })

    const explained = await why(db, BACKUP)

    assert.equal(
      fact(explained, 'in the way'),
      'the run for 2026-11-19 02:30, started 2026-11-19 02:30:00 by web-1:4711, ended 2026-11-20 03:30:00',
    )
  })

  test(`workers that held its shards then, and hold them still, are named (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const seat = { queue: 'report', total: 4, shard: 2 }
    const terms = { job: 'report', stateDirectory: '/s', retry: '', crash: 'retry', timeoutMs: null } as const
    await takeSeat(db, seat, OTHER, terms, () => false)
    await takeSeat(db, { ...seat, shard: 3 }, OTHER, terms, () => false)
    const { fromMs } = db.dialect
    await db.run(`UPDATE worker SET started_at = ${fromMs('?')} WHERE shard = 2`, [SLOT - 60 * MINUTE_MS])
    await decide(db, REPORT, { verdict: 'waiting', cause: 'overlap', isOpen: true })

    const { sentence, facts } = await why(db, REPORT)

    assert.equal(sentence, 'report has not run yet for 2026-11-20 02:30: it waits for what it started before to end.')
    assert.deepEqual(
      facts.filter(([label]) => label === 'in the way'),
      [['in the way', 'shard 2, held by web-2:99 since 2026-11-20 01:30:00']],
    )
  })

  test(`workers that another job waits for: at work, and then how they ended (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await decide(db, REPORT, { verdict: 'started', reason: '4 shards', isOpen: true })
    const atWork = await why(db, REPORT)
    await end(db, REPORT, { outcome: 'done', exitCode: null, endedAt: SLOT + 5 * MINUTE_MS })

    const ended = await why(db, REPORT)

    assert.deepEqual([atWork.case, ended.case], ['running', 'ran'])
    assert.match(atWork.sentence, /by web-1:4711, 4 shards, and is still at work\.$/)
    assert.match(ended.sentence, /by web-1:4711, 4 shards, ended well at 2026-11-20 02:35:00\.$/)
  })

  test(`a job that is kept back now says by whom, and what lifts it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await decide(db, REPORT, { verdict: 'paused', reason: 'paused' })
    await addPause(
      db,
      { job: 'report', host: EVERY },
      { by: 'ana@web-1', reason: 'disk swap', until: null },
      PATIENCE_MS,
    )
    await addStop(db, { job: EVERY, host: 'web-1' }, 'ben@web-1', PATIENCE_MS)

    const explained = await why(db, REPORT)

    matches(
      fact(explained, 'paused now'),
      /^since .* by ana@web-1: disk swap; cron-mission resume report starts it again$/,
    )
    matches(fact(explained, 'stopped now'), /^since .* by ben@web-1: cron-mission resume starts it again$/)
  })

  test(`a blocked job names the one it comes after, and how that ended (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const rollup = plannedJob(REPORT.work, { id: 'rollup', after: { job: 'backup', withinMs: 3_600_000 } })
    await decide(db, BACKUP, { verdict: 'started', taskId: await run(db), isOpen: true })
    await end(db, BACKUP, { outcome: 'failed', exitCode: 3, endedAt: SLOT + 5 * MINUTE_MS })
    await decide(db, rollup, { verdict: 'blocked', reason: 'backup failed with exit code 3' })

    const explained = await why(db, rollup, { calendar: BACKUP })

    assert.deepEqual(
      [explained.case, explained.sentence],
      [
        'blocked',
        'rollup was not started for 2026-11-20 02:30, because backup had failed: backup failed with exit code 3 (at 2026-11-20 02:35:00).',
      ],
    )
    assert.equal(fact(explained, 'backup'), 'failed, ended 2026-11-20 02:35:00 with exit code 3')
  })

  test(`a job that comes after one that has not run, or runs, waits for it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const rollup = plannedJob(REPORT.work, { id: 'rollup', after: { job: 'backup', withinMs: 3_600_000 } })
    const due = 'rollup was due at 2026-11-20 02:30 after backup, which'
    const ask = () => why(db, rollup, { calendar: BACKUP })

    const nothing = await ask()
    await decide(db, BACKUP, { verdict: 'overlap', reason: 'task 8 is running' })
    const skipped = await ask()
    await db.run('DELETE FROM slot')
    await decide(db, BACKUP, { verdict: 'started', taskId: await run(db), isOpen: true })
    const running = await ask()

    assert.deepEqual(
      [nothing, skipped, running].map(({ case: kind, sentence }) => [kind, sentence]),
      [
        ['blocked', `${due} has no row for that time: see "cron-mission why backup".`],
        ['blocked', `${due} did not run for it: overlap, task 8 is running.`],
        ['waiting', `${due} has not ended for that time.`],
      ],
    )
  })

  test(`a slot without a row is told from what ticks left around it (${database.name})`, async (t) => {
    await absences(t, database)
  })
}

async function absences(t: TestContext, database: Database): Promise<void> {
  const { db } = await openStore(t, database)
  const due = 'report was due at 2026-11-20 02:30'

  const never = await why(db, REPORT)
  await writeTick(db, { host: 'web-1', minute: SLOT - 5 * MINUTE_MS, plan: 'p' })
  const silent = await why(db, REPORT)
  const underWay = await why(db, REPORT, { now: SLOT + 20_000 })
  await noteJobs(db, [{ job: 'report', meaning: 'm', since: SLOT + MINUTE_MS }])
  const isNew = await why(db, REPORT)
  await db.run('DELETE FROM job')
  await writeTick(db, { host: 'web-1', minute: NOW, plan: 'p' })
  await decide(db, BACKUP, { slotAt: SLOT + 60 * MINUTE_MS, at: SLOT + 60 * MINUTE_MS, verdict: 'empty' })
  const before = await why(db, REPORT)
  await decide(db, BACKUP, { slotAt: SLOT - 20 * MINUTE_MS, at: SLOT - 20 * MINUTE_MS, verdict: 'empty', by: OTHER })
  const down = await why(db, REPORT)
  await decide(db, BACKUP, { slotAt: SLOT, at: SLOT + 1_000, verdict: 'empty' })
  await decide(db, BACKUP, { slotAt: SLOT - MINUTE_MS, at: SLOT - 59_000, verdict: 'empty' })
  const ticked = await why(db, REPORT)

  assert.deepEqual(
    [never.case, never.sentence],
    ['no-tick', `${due}, and no tick has ever run for it: is the crontab line there?`],
  )
  assert.equal(silent.case, 'no-tick')
  assert.equal(silent.sentence, `${due}, and no tick has run since 2026-11-20 02:25 on web-1.`)
  assert.match(fact(silent, 'to come'), /within 1h of it makes up for it \(catchUp latest\)/)
  assert.deepEqual([underWay.case, underWay.sentence], ['undecided', `${due}, and no tick has decided it yet.`])
  assert.equal(isNew.case, 'new-job')
  assert.match(isNew.sentence, /only since 2026-11-20 02:31: nothing before that is made up for\.$/)
  assert.deepEqual(
    [before.case, before.sentence],
    ['before-ledger', `${due}, and the ledger has rows only since 2026-11-20 03:30.`],
  )
  assert.equal(down.case, 'no-tick')
  assert.match(
    down.sentence,
    /nothing was decided between 2026-11-20 02:10:00 and 2026-11-20 03:30:00: the host was down, or/,
  )
  assert.equal(fact(down, 'decided before'), '2026-11-20 02:10:00 on web-2')
  const days = (count: number) => ({ now: SLOT + count * 24 * 60 * MINUTE_MS })
  const kept = 'the ledger keeps for 8d what ran nothing, and for 90d what ran.'
  assert.deepEqual(
    [await why(db, REPORT, days(9)), await why(db, REPORT, days(91))].map(({ case: kind, sentence }) => [
      kind,
      sentence,
    ]),
    [
      ['before-ledger', `${due}, and nothing ran for it: ${kept}`],
      ['before-ledger', `${due}, and that is too long ago: ${kept}`],
    ],
  )
  assert.equal(ticked.case, 'unknown')
  assert.match(ticked.sentence, /ticks ran at that time, but none decided it/)
}

test('a worker that was started again in a minute is told beside what a tick started then', async (t) => {
  const { db } = await openStore(t, DATABASES[0] as Database)
  await decide(db, REPORT, { verdict: 'started', reason: '4 shards' })
  await decide(db, REPORT, { verdict: 'started', reason: '1 shard', place: 'again:1795281910239' })

  const explained = await why(db, REPORT)

  assert.match(fact(explained, 'started again'), /^started at 2026-11-20 02:30:02: 1 shard$/)
})

test('a job that is always at work is told by who holds it, and by what keeps it back', async (t) => {
  const { db } = await openStore(t, DATABASES[0] as Database)
  const chat = { ...REPORT, id: 'chat', always: true, when: [] }
  await decide(db, chat, { verdict: 'started', reason: '1 shard' })

  const now = await why(db, chat, { now: SLOT + 30_000 })
  const later = await why(db, chat)
  await addPause(db, { job: 'chat', host: EVERY }, { by: 'ana@web-1', reason: 'disk swap', until: null }, PATIENCE_MS)
  const paused = await why(db, chat, { now: SLOT + 30_000 })

  assert.deepEqual([now.case, later.case, paused.case], ['always', 'ran', 'always'])
  assert.match(now.sentence, /^chat is always to be at work: .* nobody holds a shard of it now\.$/)
  assert.match(paused.sentence, /^chat is paused since .*: disk swap; .*; nobody holds a shard of it now\.$/)
})

test('a minute at which it is not due names the nearest, and what leaves it out', () => {
  const job = plannedJob(REPORT.work, { id: 'report', when: [{ kind: 'cron', text: '30 2 * * mon-fri' }] })

  const { case: kind, sentence, facts } = explain(questionOf(job, { slotAt: Date.UTC(2026, 10, 21, 3, 30) }), undefined)

  assert.equal(kind, 'not-due')
  assert.equal(
    sentence,
    'report is not due at 2026-11-21 03:30: the nearest times are 2026-11-19 02:30 and 2026-11-21 02:30.',
  )
  assert.deepEqual(facts[0], [
    'not due',
    'cron 30 2 * * mon-fri: hour 3 is not in "2"; Saturday is not in the weekdays "mon-fri"',
  ])
})

test('a slot to come says how far off it is', () => {
  const { case: kind, sentence } = explain(questionOf(REPORT, { now: SLOT - 5 * 3_600_000 }), undefined)

  assert.deepEqual([kind, sentence], ['not-yet', 'report is due at 2026-11-20 02:30, in 5h.'])
})

test('a job with a spread is to come until its share of it has passed', () => {
  const job = { ...REPORT, spreadMs: 3_600_000 }
  const startAt = SLOT + spreadOf(job, 'web-1')
  const text = clockTime('UTC', startAt).slice(11, 16)

  const before = explain(questionOf(job, { now: SLOT - 5 * 3_600_000 }), undefined)
  const between = explain(questionOf(job, { now: startAt - 1_000 }), undefined)

  assert.ok(startAt > SLOT)
  assert.match(
    before.sentence,
    new RegExp(`^report is due at 2026-11-20 02:30 and starts at ${text}, in 5h\\S*: that is its share`),
  )
  assert.equal(
    between.sentence,
    `report was due at 2026-11-20 02:30 and starts at ${text}, in 1s: that is its share of the spread.`,
  )
  assert.equal(isAnsweredByCalendar(questionOf(job, { now: startAt })), false)
})

test('what is not due, or still to come, is answered without the database', () => {
  const notDue = questionOf(REPORT, { slotAt: SLOT + MINUTE_MS })
  const toCome = questionOf(REPORT, { now: SLOT - 1 })

  assert.deepEqual([notDue, toCome, questionOf(REPORT)].map(isAnsweredByCalendar), [true, true, false])
  assert.deepEqual([notDue, toCome].map(needsEvidence), [true, false])
  assert.deepEqual(
    [notDue, toCome, questionOf(REPORT)].map((question) => explain(question, 'away').case),
    ['not-due', 'not-yet', 'unknown'],
  )
})

function daily(id: string, time: string): Partial<PlannedJob> {
  return { id, when: [{ kind: 'daily', times: [time] }] }
}

function questionOf(job: PlannedJob, given: Partial<Question> = {}): Question {
  const day = 24 * 60 * MINUTE_MS
  return { job, calendar: job, slotAt: SLOT, now: NOW, host: 'web-1', previous: SLOT - day, next: SLOT + day, ...given }
}

async function why(db: Driver, job: PlannedJob, given: Partial<Question> = {}): Promise<Explanation> {
  return explain(questionOf(job, given), await gatherEvidence(db, job, given.slotAt ?? SLOT))
}

/** Writes a row of the ledger as if a tick had decided it two seconds after its slot, unless told otherwise. */
async function decide(db: Driver, { id }: PlannedJob, { at, changedAt, by = SELF, ...given }: Row): Promise<void> {
  const row = { job: id, slotAt: SLOT, place: '', verdict: 'started', reason: '', isOpen: false, ...given } as const
  await insertSlots(db, db.dialect, [row], by)
  const decidedAt = at ?? row.slotAt + 2_000
  const { fromMs } = db.dialect
  await db.run(
    `UPDATE slot SET ctime = ${fromMs('?')}, mtime = ${fromMs('?')} WHERE job = ? AND slot_at = ${fromMs('?')}`,
    [decidedAt, changedAt ?? decidedAt, id, row.slotAt],
  )
}

async function end(
  db: Driver,
  { id }: PlannedJob,
  ending: Omit<SlotEnding, 'exitSignal'>,
  slotAt = SLOT,
): Promise<void> {
  assert.ok(await endSlot(db, { job: id, slotAt, place: '' }, { exitSignal: null, ...ending }))
}

/** @returns the id of a new task */
async function run(db: Driver): Promise<number> {
  await put(db, { task: 'backup' })
  const [row] = await db.all<{ id: number }>('SELECT MAX(id) AS id FROM queue')
  return Number(row?.id)
}

function fact({ facts }: Explanation, label: string): string {
  return facts.find(([name]) => name === label)?.[1] ?? ''
}

function matches(text: string, expected: string | RegExp, what?: string): void {
  if (typeof expected === 'string') assert.equal(text, expected, what)
  else assert.match(text, expected, what)
}
