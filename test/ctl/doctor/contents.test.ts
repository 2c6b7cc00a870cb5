/** Judgements over facts that a test need not stage: plans, types of columns, who works what, what is kept. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { isEnough, typeOf, wantedCollation } from '../../../src/ctl/doctor/column-type.ts'
import { fileFindings } from '../../../src/ctl/doctor/file.ts'
import { heldFindings } from '../../../src/ctl/doctor/left-behind.ts'
import { ownStatements } from '../../../src/ctl/doctor/own-statements.ts'
import { planFindings } from '../../../src/ctl/doctor/plans.ts'
import { retentionFindings } from '../../../src/ctl/doctor/retention.ts'
import { waitingFindings } from '../../../src/ctl/doctor/waiting.ts'
import { mysqlDialect } from '../../../src/queue/mysql.ts'
import { expectedTables } from '../../../src/queue/schema-parts.ts'
import { NONE, upTo } from '../../../src/queue/store/bounded.ts'
import type { QueueDepth } from '../../../src/queue/store/depth.ts'
import type { PlanStep } from '../../../src/queue/store/examine/examiner.ts'

const MINUTE_MS = 60_000
const GIBIBYTE = 1_073_741_824

function step(more: Partial<PlanStep>): PlanStep {
  return { table: 'queue', index: 'queue_claim', readsAll: false, sorts: false, rows: 1_000_000, ...more }
}

test('of the plans, whole tables and large sorts are told of, once for each purpose', () => {
  const judge = (...steps: readonly PlanStep[]) =>
    planFindings(
      steps.map((one) => ({ use: 'claim tasks', sortsFew: false, steps: [one] })),
      'ANALYZE TABLE queue',
    ).map(({ sentence }) => sentence)

  assert.deepEqual(judge(step({})), [])
  assert.deepEqual(judge(step({ readsAll: true, rows: 9_000 }), step({ readsAll: true, table: 'worker' })), [])
  assert.deepEqual(judge(step({ readsAll: true }), step({ sorts: true })), [
    'To claim tasks, about 1,000,000 rows of queue would be read, because the database goes by old statistics or an index is missing: run "ANALYZE TABLE queue".',
  ])
  assert.match(judge(step({ sorts: true, rows: undefined }))[0] ?? '', /all rows of queue would be sorted/)
  const few = planFindings([{ use: 'leave', sortsFew: true, steps: [step({ sorts: true })] }], '')
  assert.deepEqual(few, [])
})

test('a statement that the database refuses is told of in its words', () => {
  const [finding] = planFindings([{ use: 'leave', sortsFew: false, steps: [], error: 'No such thing.' }], '')

  assert.match(finding?.sentence ?? '', /^To leave, we have a statement that this database refuses: No such thing\. /)
})

test('the statements are those of the store: each purpose has one, and a claim has its look, its write and its lanes', async () => {
  const statements = await ownStatements(mysqlDialect)

  const uses = new Set(statements.map(({ use }) => use))
  const claim = statements.filter(({ use }) => use === 'claim tasks').map(({ sql }) => sql)
  assert.ok(uses.size >= 19)
  for (const part of [
    /UNION ALL .*FORCE INDEX \(queue_claim\)/s,
    /FORCE INDEX \(queue_claim\)\s+WHERE queue = \? AND status = 0 LIMIT 65/,
    /FORCE INDEX \(queue_claim\)\s+WHERE queue = \? AND status = 0 AND bucket IN \(0, 1, 2\) LIMIT 65/,
    /SET status = 2, claim_token = \?/,
    /INDEX \(queue_lane\)/,
  ]) {
    assert.ok(
      claim.some((sql) => part.test(sql)),
      `no ${part} among:\n${claim.join('\n')}`,
    )
  }
  assert.ok(statements.some(({ use, sql }) => use.startsWith('set tasks aside') && /SET status = 4/.test(sql)))
})

test('the parts of the tables are those of the migrations, the last word of each', () => {
  const [queue] = expectedTables('mysql')
  const setting = expectedTables('mysql').find(({ name }) => name === 'setting')

  assert.equal(queue?.columns.get('status'), 'TINYINT UNSIGNED NOT NULL DEFAULT 0')
  assert.deepEqual(queue?.indexes.get('queue_claim'), {
    columns: ['status', 'queue', 'bucket', 'priority', 'id'],
    isUnique: false,
    statement: 'ALTER TABLE queue ADD KEY queue_claim (status, queue, bucket, priority, id)',
  })
  assert.match(setting?.columns.get('name') ?? '', /^VARCHAR\(400\)/)
})

test('a wider column will do, a narrower one or one of another kind will not', () => {
  for (const [live, wanted, fits] of [
    ['bigint(20) unsigned', 'bigint unsigned', true],
    ['int(10)', 'smallint', true],
    ['int(10)', 'int unsigned', false],
    ['tinyint(4)', 'smallint', false],
    ['varchar(300)', 'varchar(255)', true],
    ['varchar(64)', 'varchar(128)', false],
    ['mediumtext', 'text', true],
    ['timestamp', 'timestamp(3)', false],
    ['datetime(3)', 'timestamp(3)', false],
  ] as const) {
    assert.equal(isEnough(live, wanted), fits, `${live} for ${wanted}`)
  }
  assert.equal(typeOf("VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'x'"), 'varchar(64)')
  assert.equal(wantedCollation('VARCHAR(64) COLLATE ascii_bin')?.fits('latin1_bin'), true)
  assert.equal(wantedCollation('TEXT NOT NULL')?.fits('utf8mb4_0900_bin'), true)
  assert.equal(wantedCollation('TEXT NOT NULL')?.fits('utf8mb4_unicode_ci'), false)
  assert.equal(wantedCollation('BIGINT'), undefined)
})

test('ready tasks are nobody’s only when no worker, no job and no pause is theirs', () => {
  const depth = (more: Partial<QueueDepth>): QueueDepth => ({
    ...{ queue: 'mail', ready: upTo(10, 3), scheduled: NONE, running: NONE, held: NONE, failed: NONE },
    ...{ oldestReadyMs: 6 * MINUTE_MS, dueScheduled: 0 },
    ...more,
  })
  const pause = { queue: 'mail', task: undefined, by: 'somebody', since: 0 }
  const sentences = (...args: Parameters<typeof waitingFindings>) => waitingFindings(...args).map((one) => one.sentence)

  assert.deepEqual(sentences([depth({})], new Set(['mail']), undefined, []), [])
  assert.deepEqual(sentences([depth({})], new Set(), new Set(['mail']), []), [])
  assert.deepEqual(sentences([depth({})], new Set(), new Set(), [pause]), [])
  assert.deepEqual(sentences([depth({ oldestReadyMs: MINUTE_MS })], new Set(), new Set(), []), [])
  assert.deepEqual(sentences([depth({})], new Set(), new Set(['other']), []), [
    'Queue mail has 3 ready tasks, waiting for up to 6m: no worker of it lives, and no job of the schedule starts one. Put a job that works this queue into the schedule, or run "do-queue --queue mail".',
  ])
  assert.match(
    sentences([depth({ queue: 'exec:backup' })], new Set(), new Set(), [])[0] ?? '',
    /Put the job "backup" into the schedule\.$/,
  )
})

test('a move that was begun is noted as one', () => {
  const move = { move: { to: 'elsewhere', token: 'abc' }, where: 'mysql://db-2/shop', from: 1, upTo: 9, value: '' }
  const held = { heldFor: 'move:elsewhere:abc/held', queue: 'mail', task: 'say', firstId: 3, count: 2 }

  const [finding] = heldFindings([held], [], [move])

  assert.equal(finding?.level, 'note')
  assert.match(
    finding?.sentence ?? '',
    /^2 tasks \(the first is 3\) of queue mail, program say, have been held for a move to mysql:\/\/db-2\/shop\. .* it goes on\.$/,
  )
})

test('what is kept for long is judged by whether anything deletes it', () => {
  const kept = { firstId: 1, count: 10_000, oldestMs: 400 * 1_440 * MINUTE_MS }
  const sentence = (...args: Parameters<typeof retentionFindings>) => retentionFindings(...args)[0]?.sentence

  assert.equal(sentence({ ...kept, count: 9_999 }, 5, undefined), undefined)
  assert.match(
    sentence(kept, 40_000, undefined) ?? '',
    /the oldest for 400d, and 40,000 more come every day: nothing deletes/,
  )
  assert.match(sentence(kept, undefined, 'tidy') ?? '', /although the job "tidy" purges\. /)
})

test('a log of an embedded database that has grown beyond a gibibyte is a problem', () => {
  const facts = { journalMode: 'wal', synchronous: 2, bytes: 1, damage: undefined }

  const [huge] = fileFindings({ file: 'queue.db', isWal: true, walBytes: 2 * GIBIBYTE }, facts)
  const [none] = fileFindings({ file: 'queue.db', isWal: true, walBytes: 0 }, { ...facts, journalMode: 'delete' })

  assert.deepEqual([huge?.level, none?.level], ['problem', 'problem'])
  assert.match(
    none?.sentence ?? '',
    /cannot have a write-ahead log \(journal_mode is delete\), .* a disk of this machine/,
  )
})
