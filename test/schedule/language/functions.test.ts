import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import type { JobContext } from '../../../src/schedule/language/define.ts'
import { type FunctionCall, jobFunctions } from '../../../src/schedule/language/functions.ts'

const ENTRY = new URL('../../../src/index.ts', import.meta.url).href
/** Longer than it takes to load a schedule, mostly: on a busy machine another try may be needed. */
const SHORT_MS = 1_500
const LONG_MS = 30_000
const TRIES = 5
const SLOT = new Date('2026-11-20T01:30Z')

const CONTEXT: JobContext = {
  job: 'mail',
  slot: SLOT,
  local: '2026-11-20T02:30',
  now: SLOT,
  timezone: 'Europe/Berlin',
  host: 'web-1',
  load: 0.5,
  pending: 1200,
  oldestSeconds: 60,
  running: 0,
  last: { slot: SLOT, endedAt: undefined, outcome: undefined, exitCode: null },
}

test('a function is told about the moment, and what it returns comes back', async (t) => {
  const { ask } = await schedule(t, {
    shards: 'shards: async ({ pending }) => Math.ceil(pending / 500)',
    reason: "onlyIf: ({ local, slot }) => slot instanceof Date && 'not at ' + local.slice(11)",
    tasks: "enqueue: ({ slot, last }) => [{ task: 'digest', at: slot, unique: String(last.exitCode) }]",
  })

  assert.deepEqual(await ask('shards', 'shards'), { kind: 'value', value: 3 })
  assert.deepEqual(await ask('reason', 'onlyIf'), { kind: 'value', value: 'not at 02:30' })
  assert.deepEqual(await ask('tasks', 'enqueue'), {
    kind: 'value',
    value: [{ task: 'digest', at: SLOT, unique: 'null' }],
  })
})

test('one thread answers many calls, one after the other, and the file is loaded once', async (t) => {
  const { ask } = await schedule(t, { count: 'onlyIf: () => String(++calls)' }, 'let calls = 0')

  const answers = await Promise.all([ask('count', 'onlyIf'), ask('count', 'onlyIf'), ask('count', 'onlyIf')])

  assert.deepEqual(
    answers.map((answer) => answer.kind === 'value' && answer.value),
    ['1', '2', '3'],
  )
})

const FAILURES: Record<string, { options: string; reason: RegExp }> = {
  'an exception': { options: "onlyIf: () => { throw new Error('no such host.') }", reason: /^threw no such host$/ },
  'a rejection': { options: "onlyIf: async () => { throw 'no' }", reason: /^threw no$/ },
  'an endless loop': { options: 'onlyIf: () => { for (;;); }', reason: /^took longer than 1s500ms$/ },
  'a promise that is never kept': { options: 'onlyIf: () => new Promise(() => {})', reason: /^took longer than / },
  'an exit': { options: 'onlyIf: () => process.exit(3)', reason: /^ended its thread$/ },
  'an error in the background': {
    options: "onlyIf: () => new Promise(() => setTimeout(() => { throw new Error('late') }))",
    reason: /^threw late$/,
  },
  'a function as its result': { options: 'onlyIf: () => () => true', reason: /^returned what cannot be handed over: / },
  'a change of what it is told': { options: 'onlyIf: (context) => { context.last.slot = 1 }', reason: /^threw .*slot/ },
  'no function': { options: 'shards: () => 1', reason: /^is no function any more in / },
}

for (const [name, { options, reason }] of Object.entries(FAILURES)) {
  test(`${name} is a reason, and the next call is answered`, async (t) => {
    const isLate = reason.source.includes('took longer')
    const jobs = { bad: options, good: 'onlyIf: () => true' }
    const { ask } = await schedule(t, jobs, '', isLate ? SHORT_MS : LONG_MS)
    const untilLoaded = async (job: string) => {
      let answer = await ask(job, 'onlyIf')
      for (let i = 1; i < TRIES && isLate && answer.kind === 'failed' && answer.reason.endsWith('to load'); i++) {
        answer = await ask(job, 'onlyIf')
      }
      return answer
    }

    const bad = await untilLoaded('bad')
    const good = await untilLoaded('good')

    assert.equal(bad.kind, 'failed')
    assert.match(bad.kind === 'failed' ? bad.reason : '', reason)
    assert.deepEqual(good, { kind: 'value', value: true })
  })
}

for (const [name, head, reason] of [
  [
    'does not load',
    "throw new Error('no disk')",
    /^cannot be asked: The schedule does not load: .*schedule\.ts:\d+: no disk$/,
  ],
  ['never ends to load', 'for (;;);', /^cannot be asked: the schedule took longer than 1s500ms to load$/],
] satisfies [string, string, RegExp][]) {
  test(`a schedule that ${name} is a reason`, async (t) => {
    const isLate = name.includes('never ends')
    const { ask } = await schedule(t, { job: 'onlyIf: () => true' }, head, isLate ? SHORT_MS : LONG_MS)

    const answer = await ask('job', 'onlyIf')

    assert.match(answer.kind === 'failed' ? answer.reason : '', reason)
  })
}

test('what the code prints is told line by line, also what it printed last', async (t) => {
  const { ask, end, lines } = await schedule(
    t,
    {
      job: "onlyIf: () => { console.log('asked'); console.error('twice'); process.stdout.write('no end'); return true }",
    },
    "console.log('loaded')",
  )

  await ask('job', 'onlyIf')
  await end()

  assert.deepEqual(lines.toSorted(), ['asked', 'loaded', 'no end', 'twice'])
})

test('to end what was never asked takes no thread', async (t) => {
  const { end, lines } = await schedule(t, {}, "console.log('loaded')")

  await end()

  assert.deepEqual(lines, [])
})

/** @param jobs  by id, what each says besides `when` and `queue`, as source text */
async function schedule(t: TestContext, jobs: Record<string, string>, head = '', limitMs = LONG_MS) {
  const directory = await mkdtemp(join(tmpdir(), 'functions-'))
  const entries = Object.entries(jobs).map(([id, text]) => `${id}: { when: every('1m'), queue: 'mail', ${text} },`)
  const path = join(directory, 'schedule.ts')
  const text = `import { defineSchedule, every } from 'cron-mission'
    ${head}
    export default defineSchedule({ timezone: 'UTC', jobs: { ${entries.join('\n')} } } as never)\n`
  await writeFile(path, text)
  const lines: string[] = []
  const functions = jobFunctions(path, ENTRY, (line) => lines.push(line), limitMs)
  t.after(async () => {
    await functions.end()
    await rm(directory, { recursive: true })
  })
  const ask = (job: string, option: FunctionCall['option']) => functions.call({ job, option, context: CONTEXT })
  return { ask, lines, end: () => functions.end() }
}
