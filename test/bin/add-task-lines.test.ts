/** `add-task` as it reads many tasks: a line of JSON for each, on standard input. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Value } from '../../src/queue/driver.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { ALWAYS_TRIED, nastyText, SEED } from '../worker/nasty-text.ts'
import { type QueueProject, queueProject } from './queue-project.ts'
import { assertRefusal } from './refusal.ts'

const [sqlite] = DATABASES as readonly [Database]

for (const database of DATABASES) {
  test(`3,000 lines of JSON are added in their order (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const unique = (i: number) => (i % 100 === 0 ? `,"unique":"${i}"` : '')
    const stdin = Array.from({ length: 3_000 }, (_, i) => `{"task":"exit","param":"${i}"${unique(i)}}`).join('\n')

    const { code, stdout, stderr } = await project.run('add-task', [], { stdin })

    assert.deepEqual([code, stdout, stderr], [0, '3,000 added\n', ''])
    const rows = await added(project)
    assert.deepEqual(
      rows.map(({ param }) => param),
      Array.from({ length: 3_000 }, (_, i) => `${i}`),
    )
  })

  test(`lines with a unique value in use are counted and left out (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const lines = ['a', 'b', 'a', 'a'].map((unique) => ({ task: 'exit', unique }))

    const text = await project.run('add-task', [], { stdin: ndjson(...lines, { task: 'exit' }) })
    const json = await project.run('add-task', ['--json'], { stdin: ndjson(...lines, { task: 'exit', unique: 'c' }) })

    assert.equal(text.stdout, '3 added, 2 were there already\n')
    assert.equal(json.stdout, '{"added":1,"duplicates":4}\n')
    assert.equal((await project.rows()).length, 4)
  })
}

test('of several lines that are wrong the first one is told, and how many tasks were added before', async (t) => {
  const project = await queueProject(t, sqlite)
  const good = Array.from({ length: 2_500 }, (_, i) => `{"task":"a","param":"${i}"}\n`).join('')
  const bytes = (...parts: (string | readonly number[])[]) =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

  const refused = await project.run('add-task', [], { stdin: `${good}{"task":""}\n{"task":"b"}\nno JSON\n` })
  const mixed = await project.run('add-task', [], {
    stdin: bytes('\uFEFF{"task":"é"}\n{"task":"c"}\n{"task":"', [0xc3, 0x28], '"}\n{"task":""}\n'),
  })

  assert.match(
    refused.stderr,
    /^add-task: Line 2501: The task is empty\..* 2,000 tasks of earlier lines were added\.\n$/,
  )
  assert.match(mixed.stderr, /^add-task: Line 3: This is not UTF-8\..* 0 tasks of earlier lines were added\.\n$/)
  assert.equal((await project.rows()).length, 2_000)
})

test('a line may say for itself what the flags say for all', async (t) => {
  const project = await queueProject(t, sqlite)
  const stdin = `\n{"task":"a"}\r\n  \n{"task":"b","queue":"sms","priority":-1,"inMs":60000,"param":"x\\ny"}\r\n`

  const { stdout } = await project.run('add-task', ['--queue', 'mail', '--priority', '3'], { stdin })

  assert.equal(stdout, '2 added\n')
  const rows = (await added(project)).map(({ task, param, queue, priority, status }) => [
    task,
    param,
    queue,
    priority,
    status,
  ])
  assert.deepEqual(rows, [
    ['a', '', 'mail', 3, 0],
    ['b', 'x\ny', 'sms', -1, 4],
  ])
})

const BAD_LINES: readonly (readonly [string, RegExp])[] = [
  [
    '{"task":"x"',
    /^Line 3: This is not JSON\. Write one object a line, such as \{"task":"hello","param":"1"\}\. 0 tasks of earlier lines were added\.$/,
  ],
  ['["x"]', /^Line 3: This is not a JSON object\. /],
  ['"x"', /^Line 3: This is not a JSON object\. /],
  ['null', /^Line 3: This is not a JSON object\. /],
  [`{"task":"x","param":"${'y'.repeat(65_536)}"}`, /^Line 3: The param is 65536 bytes long\. At most 65535 fit; /],
  ['{"param":"x"}', /^Line 3: The task is empty\. Name a program /],
  ['{"task":""}', /^Line 3: The task is empty\. /],
  ['{"task":"x","prio":1}', /^Line 3: A task has no field "prio"\. It has task, param, .+\. /],
  ['{"task":"x","priority":"high"}', /^Line 3: The priority is "high"\. Use a whole number from -32768 to 32767\. /],
  [
    '{"task":"x","param":{"a":1}}',
    /^Line 3: The param is .+\. Give text; encode structures with JSON or encodeParams\. /,
  ],
  ['{"task":"x","retry":"soon"}', /^Line 3: The retry list "soon" has the entry "soon", which is no duration\. /],
  ['{"task":"x","at":"tomorrow"}', /^Line 3: The time "at" is "tomorrow", which is no time\. /],
]

for (const [line, sentence] of BAD_LINES) {
  test(`a bad line is named, and nothing around it is added: ${line.slice(0, 40)}`, async (t) => {
    const project = await queueProject(t, sqlite)

    const ended = await project.run('add-task', [], {
      stdin: `{"task":"exit"}\n{"task":"exit"}\n${line}\n{"task":"exit"}\n`,
    })

    assertRefusal('add-task', ended, 65, sentence)
    assert.match(ended.stderr, / 0 tasks of earlier lines were added\.\n$/)
    assert.deepEqual(await project.rows(), [])
  })
}

test('any param reaches the row from a line of JSON', async (t) => {
  const project = await queueProject(t, sqlite)
  const params = [...ALWAYS_TRIED, ...fc.sample(nastyText(), { seed: SEED, numRuns: 100 })]

  const { stderr } = await project.run('add-task', [], {
    stdin: ndjson(...params.map((param) => ({ task: 'exit', param }))),
  })

  assert.equal(stderr, '')
  for (const [i, row] of (await added(project)).entries()) {
    assert.ok(row.param === params[i], `TEXT_SEED=${SEED}: ${JSON.stringify(params[i])}`)
  }
})

test('a line that is no UTF-8 is refused', async (t) => {
  const project = await queueProject(t, sqlite)
  const stdin = Buffer.concat([Buffer.from('{"task":"exit","param":"'), Buffer.from([0xff]), Buffer.from('"}\n')])

  const ended = await project.run('add-task', [], { stdin })

  assertRefusal('add-task', ended, 65, /^Line 1: This is not UTF-8\b.*\.$/)
  assert.deepEqual(await project.rows(), [])
})

test('what was written before a bad line is counted', async (t) => {
  const project = await queueProject(t, sqlite)

  const ended = await project.run('add-task', [], { stdin: `${'{"task":"exit"}\n'.repeat(2_500)}oops\n` })

  assertRefusal('add-task', ended, 65, /^Line 2501: This is not JSON\. .+ 2,000 tasks of earlier lines were added\.$/)
  assert.equal((await project.rows()).length, 2_000)
})

function ndjson(...lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

/** The rows in the order in which they were added. */
async function added({ db }: QueueProject): Promise<Record<string, Value>[]> {
  return db.all('SELECT * FROM queue ORDER BY id')
}
