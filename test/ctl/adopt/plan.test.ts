/** What is planned for tables of every kind, without a database; test/recipes has the real thing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adoptPlan, type PlanRequest } from '../../../src/ctl/adopt/plan.ts'
import { planText } from '../../../src/ctl/adopt/plan-text.ts'
import type { OldColumn, OldTable } from '../../../src/queue/adopt/old-table.ts'
import { expectedTables } from '../../../src/queue/schema-parts.ts'

type Told = Partial<Omit<OldColumn, 'name'>> & { readonly type: string }

const USUAL: Readonly<Record<string, Told>> = {
  id: { type: 'int(11)', isCounted: true },
  taskphp: { type: 'varchar(200)', collation: 'utf8mb4_bin' },
  param: { type: 'text', isNullable: true, collation: 'utf8mb4_bin' },
  status: { type: 'tinyint(1)', default: '0' },
  ctime: { type: 'int(11)', default: '0' },
}

test('every column and index of our migrations is made, and ctime is left to the old pages', () => {
  const { before, after, obstacles } = plan({})
  const sql = [...before, ...after].map((step) => step.sql).join(';\n')
  const ours = expectedTables('mysql', 'added_at').find(({ name }) => name === 'queue')
  const missing = [...(ours?.columns.keys() ?? [])].filter((name) => !(name in USUAL))

  assert.deepEqual(obstacles, [])
  assert.deepEqual(
    missing.filter((name) => !sql.includes(`ADD COLUMN ${name} `)),
    [],
  )
  assert.deepEqual(
    [...(ours?.indexes.keys() ?? [])].filter((name) => name !== 'PRIMARY' && !sql.includes(`KEY ${name} `)),
    [],
  )
  assert.match(sql, /ALTER COLUMN task SET DEFAULT \(SUBSTRING_INDEX\(/)
  assert.match(sql, /ADD COLUMN bucket TINYINT UNSIGNED NOT NULL DEFAULT 0/)
  assert.doesNotMatch(sql, /ctime/)
  assert.ok(before.every(({ kind }) => kind === 'quick'))
})

test('what is there already is not made again, and an INSERT of ours fills columns without a default', () => {
  const { before } = plan({
    ...USUAL,
    shop: { type: "enum('a','b')" },
    made: { type: 'datetime(3)' },
    task: { type: 'varchar(128)', default: "substring_index('x')", collation: 'utf8mb4_bin' },
    ctime: { type: 'int(10) unsigned' },
  })
  const sql = before.map((step) => step.sql).join(';\n')

  assert.doesNotMatch(sql, /ADD COLUMN task |COLUMN task SET/)
  assert.match(sql, /ALTER COLUMN `shop` SET DEFAULT 'a'/)
  assert.match(sql, /ALTER COLUMN `made` SET DEFAULT CURRENT_TIMESTAMP\(3\)/)
  assert.match(sql, /ALTER COLUMN `ctime` SET DEFAULT \(UNIX_TIMESTAMP\(\)\)/)
  assert.match(sql, /ALTER COLUMN `taskphp` SET DEFAULT ''/)
})

test('each reason why it cannot be is told, with what to do', () => {
  const told = (columns: Readonly<Record<string, Told>>, more: Partial<OldTable> = {}) =>
    plan(columns, more).obstacles.join('\n')

  assert.match(told({ ...USUAL, id: { type: 'int(11)' } }), /no column id that is a whole number, counts itself/)
  assert.match(told({ ...USUAL, status: { type: "enum('0','1')" } }), /The column status is enum.* not a whole number/)
  assert.match(told({ ...USUAL, param: { type: 'blob' } }), /The column param is blob and not a text/)
  assert.match(told({ ...USUAL, mtime: { type: 'int(11)' } }), /It has a column mtime of its own \(int\(11\)\)/)
  assert.match(told({ ...USUAL, where: { type: 'point' } }), /The column where is point, has no default/)
  assert.match(told({ ...USUAL, taskphp: { type: 'int(11)' } }), /The column taskphp is int\(11\) and not a text/)
  assert.match(told(USUAL, { isPartitioned: true }), /The table is partitioned/)
  const unique = { name: 'once', columns: ['taskphp', 'param'], isUnique: true }
  assert.match(told(USUAL, { indexes: [PRIMARY, unique] }), /Its unique key once has taskphp in it/)
  assert.match(
    planned({ neighbours: { foreign: ['setting'] } }).obstacles.join(),
    /There is a table setting that is not/,
  )
  const odd = planned({ rows: rows([{ program: 'a.php', status: '2', count: 3 }]) })
  assert.match(odd.obstacles.join(), /There are rows with status 2\. .*--status 2=failed/)
})

test('the plan names what no worker here could start, first', () => {
  const text = planText(
    planned({
      rows: rows([
        { program: 'task/a.php', status: '0', count: 2 },
        { program: 'old/b.php', status: '1', count: 3_000_000 },
      ]),
      whyNot: (task) => (task === 'b.php' ? 'there is no program b.php' : undefined),
    }),
    'UTC',
  ).join('\n')

  assert.match(
    text,
    /by taskphp:\n {2}old\/b\.php +3,000,000 {3}b\.php {3}! there is no program b\.php\n {2}task\/a\.php +2 {3}a\.php\n/,
  )
  assert.match(text, /status 0 +2 +ready\n +status 1 +3,000,000 +done/)
  assert.match(text, /go through 3,000,002 rows by id, in small writes, in some 11m/)
  assert.match(text, /Then: queuectl adopt --yes$/)
})

const PRIMARY = { name: 'PRIMARY', columns: ['id'], isUnique: true }

function plan(columns: Readonly<Record<string, Told>>, more: Partial<OldTable> = {}) {
  return planned({ table: { ...table({ ...USUAL, ...columns }), ...more } })
}

function planned(more: Partial<PlanRequest>) {
  return adoptPlan({
    table: table(USUAL),
    adoption: { column: 'taskphp', map: {}, status: {}, zone: 'SYSTEM', added: 'added_at' },
    rows: rows([]),
    neighbours: { foreign: [] },
    missingTables: ['setting'],
    goesOnBehind: undefined,
    whyNot: () => undefined,
    ...more,
  })
}

function rows(groups: PlanRequest['rows']['groups']): PlanRequest['rows'] {
  return { groups, isCut: false, newest: null, now: 0, misread: undefined }
}

function table(columns: Readonly<Record<string, Told>>): OldTable {
  return {
    ...{ database: 'shop', name: 'queue', engine: 'InnoDB', rowFormat: 'Dynamic', collation: 'utf8mb4_bin', bytes: 1 },
    ...{ isPartitioned: false, indexes: [PRIMARY], triggers: [] },
    columns: new Map(
      Object.entries(columns).map(([name, told]) => [
        name,
        {
          ...{ name, isNullable: false, default: undefined, isTouched: false, isGenerated: false, isCounted: false },
          collation: undefined,
          ...told,
        },
      ]),
    ),
  }
}
