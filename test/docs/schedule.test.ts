/**
 * The examples of docs/schedule.md and the README: each is loaded as it stands there, and is planned without a problem.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import * as library from '../../src/index.ts'
import { loadSchedule } from '../../src/schedule/language/load.ts'
import { planSchedule } from '../../src/schedule/language/plan.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const ENTRY = new URL('../../src/index.ts', import.meta.url).href
const TEXT = readFileSync(join(ROOT, 'docs/schedule.md'), 'utf8')

const WORDS = Object.keys(library).filter((name) => new RegExp(`\\b${name}\\(`).test(TEXT))

for (const [language, count] of [
  ['ts', 11],
  ['json', 1],
] as const) {
  const blocks = [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code)

  test(`there are examples in ${language} to try`, () => assert.equal(blocks.length, count))

  for (const [i, block] of blocks.entries()) {
    test(`example ${i + 1} in ${language}, "${block.slice(0, 30).replace(/\n.*/s, '')}", is loaded and planned`, async (t) => {
      const file = join(temporaryDirectory(t), `schedule.${language}`)
      writeFileSync(file, language === 'json' ? block : wholeFile(block))

      const { jobs, problems } = planSchedule(await loadSchedule(file, ENTRY))

      assert.deepEqual(problems, [])
      assert.ok(jobs.length > 0 || block.includes('parseCron'))
    })
  }
}

test('the schedules of the README are planned without a problem', async (t) => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^ *```ts\n(.*?)^ *```$/gms)].flatMap(([, code = '']) =>
    code.includes('defineSchedule') ? code : [],
  )

  assert.equal(blocks.length, 2)
  for (const block of blocks) {
    const file = join(temporaryDirectory(t), 'schedule.ts')
    writeFileSync(file, block)
    const { jobs, problems } = planSchedule(await loadSchedule(file, ENTRY))
    assert.deepEqual(problems, [])
    assert.ok(jobs.length > 0)
  }
})

test('the sample schedule is planned without a problem', async () => {
  const { jobs, problems } = planSchedule(await loadSchedule(join(ROOT, 'schedule.ts'), ENTRY))

  assert.deepEqual(problems, [])
  assert.ok(jobs.length > 5)
})

test('every option and every word that there is stands in the reference', () => {
  const { problems } = planSchedule({ timezone: 'UTC', jobs: { job: { '': 1 } } })
  const [, options = ''] = /Known are (.*)\.$/.exec(problems[0]?.sentence ?? '') ?? []

  const missing = options.split(', ').filter((option) => !TEXT.includes(`\`${option}`))

  assert.ok(options.length > 100)
  assert.deepEqual(missing, [])
  assert.deepEqual(
    ['cron', 'every', 'hourly', 'daily', 'weekdays', 'weekly', 'monthly', 'once', 'after', 'always'].filter(
      (word) => !WORDS.includes(word),
    ),
    [],
  )
})

/** A fragment is jobs; a program that is no schedule gets an empty one. */
function wholeFile(block: string): string {
  if (block.includes('export default')) return block
  if (block.includes('import ')) return `${block}\nexport default { timezone: 'UTC', jobs: {} }\n`
  return `import { ${WORDS.join(', ')} } from 'cron-mission'
    export default defineSchedule({ timezone: 'Europe/Berlin', jobs: { ${block} } })\n`
}
