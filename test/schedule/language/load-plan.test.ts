import assert from 'node:assert/strict'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { Complaint } from '../../../src/exit.ts'
import { loadPlan } from '../../../src/schedule/language/load-plan.ts'

const ENTRY = new URL('../../../src/index.ts', import.meta.url).href
const SHORT_MS = 1_500
const LONG_MS = 30_000

const GOOD = `
  import { defineSchedule, every } from 'cron-mission'
  import { queue } from './names.ts'
  console.log('hello')
  const onlyIf = () => true
  export default defineSchedule({ timezone: 'UTC', jobs: { mail: { when: every('1m'), queue, onlyIf } } })\n`

test('what comes back is the plan, which jobs there are, the files it came from, and what was printed', async (t) => {
  const { load, directory } = await project(t, GOOD.replace('jobs: {', "jobs: { broken: { queue: 'x' },"))

  const { loaded, lines } = await load()

  assert.deepEqual(
    loaded.plan.jobs.map(({ id, work, onlyIf }) => ({ id, work, onlyIf })),
    [{ id: 'mail', work: { kind: 'queue', queue: 'mail', shards: 1 }, onlyIf: true }],
  )
  assert.deepEqual(
    loaded.plan.problems.map(({ job }) => job),
    ['broken'],
  )
  assert.deepEqual(loaded.ids, ['broken', 'mail'])
  assert.deepEqual(lines, ['hello'])
  const files = loaded.files.filter((file) => file.startsWith(directory))
  assert.deepEqual(files.toSorted(), [join(directory, 'names.ts'), join(directory, 'schedule.ts')])
})

test('a file without jobs has no ids', async (t) => {
  const { load } = await project(t, "export default { timezone: 'UTC' }\n")

  const { loaded } = await load()

  assert.equal(loaded.ids, undefined)
  assert.equal(loaded.plan.problems.length, 1)
})

const REFUSED: Record<string, { text: string; sentence: RegExp }> = {
  'computes for ever': {
    text: 'for (;;);\n',
    sentence: /^The schedule does not load: @\/schedule\.ts: it was not done after 1s500ms\. Does it end\?$/,
  },
  'waits for ever': {
    text: 'await new Promise(() => {})\nexport default {}\n',
    sentence: /^The schedule does not load: @\/schedule\.ts: it was not done after 1s500ms\. Does it end\?$/,
  },
  'leaves the process': {
    text: 'process.exit(0)\n',
    sentence: /^The schedule does not load: @\/schedule\.ts: it ended its thread\.$/,
  },
  throws: {
    text: "\nthrow new Error('no such host')\n",
    sentence: /^The schedule does not load: @\/schedule\.ts:2: no such host\.$/,
  },
}

for (const [name, { text, sentence }] of Object.entries(REFUSED)) {
  test(`a file that ${name} is a sentence, and we are still here`, async (t) => {
    const isLate = sentence.source.includes('not done')
    const { load, directory } = await project(t, text, isLate ? SHORT_MS : LONG_MS)

    await assert.rejects(
      load,
      (error) => error instanceof Complaint && sentence.test(error.message.replace(directory, '@')),
    )
  })
}

async function project(t: TestContext, text: string, limitMs = LONG_MS) {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'load-plan-')))
  t.after(() => rm(directory, { recursive: true }))
  await writeFile(join(directory, 'schedule.ts'), text)
  await writeFile(join(directory, 'names.ts'), "export const queue: string = 'mail'\n")
  const load = async () => {
    const lines: string[] = []
    const loaded = await loadPlan(join(directory, 'schedule.ts'), ENTRY, (line) => lines.push(line), limitMs)
    return { loaded, lines }
  }
  return { load, directory }
}
