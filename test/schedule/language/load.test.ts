/**
 * Loading is tried in real directories, each in a process of its own, because what counts is also what Node prints:
 * under cron every line on stderr is a mail, once a minute.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { EXIT } from '../../../src/exit.ts'
import { findSchedule } from '../../../src/schedule/language/load.ts'

const SOURCE = new URL('../../../src/schedule/language/', import.meta.url)

/** Where our own names come from: elsewhere than the project, as with a global installation. */
const ENTRY = `
  export { defineSchedule } from '${new URL('define.ts', SOURCE)}'
  export { cron, daily, every } from '${new URL('when.ts', SOURCE)}'
`

const MODULE = `
import { cron, defineSchedule, type Schedule } from 'cron-mission'
import { queue } from './names.ts'

const schedule: Schedule = defineSchedule({ timezone: 'UTC', jobs: { mail: { when: cron('* * * * *'), queue } } })
export default schedule
`
const PLAIN_MODULE = MODULE.replace(', type Schedule', '').replace(': Schedule', '')
const COMMON_JS = `
import('./names.cjs')
const { queue } = require('./names.cjs')
module.exports = { timezone: 'UTC', jobs: { mail: { when: { kind: 'cron', text: '* * * * *' }, queue } } }
`
const LOADED = { timezone: 'UTC', jobs: { mail: { when: { kind: 'cron', text: '* * * * *' }, queue: 'mail' } } }

const NO_PACKAGE = undefined
const NO_TYPE = '{}'
const IS_COMMON_JS = '{ "type": "commonjs" }'
const IS_MODULE = '{ "type": "module" }'

const LOADS: [file: string, text: string, packages: (string | undefined)[]][] = [
  ['schedule.ts', MODULE, [NO_PACKAGE, NO_TYPE, IS_COMMON_JS, IS_MODULE]],
  ['schedule.mts', MODULE, [NO_TYPE, IS_COMMON_JS, IS_MODULE]],
  ['schedule.js', PLAIN_MODULE, [NO_PACKAGE, NO_TYPE, IS_COMMON_JS, IS_MODULE]],
  ['schedule.mjs', PLAIN_MODULE, [NO_TYPE, IS_COMMON_JS]],
  ['schedule.js', COMMON_JS, [NO_PACKAGE, NO_TYPE, IS_COMMON_JS]],
  ['schedule.ts', COMMON_JS, [NO_PACKAGE, NO_TYPE, IS_COMMON_JS]],
  ['schedule.cjs', COMMON_JS, [NO_PACKAGE, IS_MODULE]],
  ['schedule.json', `\uFEFF${JSON.stringify(LOADED)}`, [NO_PACKAGE]],
]

for (const [file, text, packages] of LOADS) {
  for (const packageJson of packages) {
    const syntax = text === COMMON_JS ? ' of CommonJS' : ''
    test(`a ${file}${syntax} loads in silence where package.json is ${packageJson ?? 'missing'}`, async (t) => {
      const names = { 'names.ts': "export const queue: string = 'mail'\n", 'names.cjs': "exports.queue = 'mail'\n" }
      const directory = await project(t, { [file]: text, ...names }, packageJson)

      const { stdout, stderr } = await load(join(directory, file))

      assert.equal(stderr, '')
      assert.deepEqual(JSON.parse(stdout), LOADED)
    })
  }
}

/** `@` stands for the directory. */
const REFUSED: Record<string, { file?: string; text: string; sentence: RegExp }> = {
  'a syntax error': {
    text: 'export default {\n  a: 1,\n  b: = 2,\n}\n',
    sentence: /^The schedule does not load: @\/schedule\.ts:3: Expression expected\.$/,
  },
  'a syntax error of JavaScript': {
    file: 'schedule.mjs',
    text: 'export default {\n  b: = 2,\n}\n',
    sentence: /^The schedule does not load: @\/schedule\.mjs: Unexpected token '='\.$/,
  },
  'an enum': {
    text: 'const a = 1\nenum Queue { Mail }\nexport default { a }\n',
    sentence: /^The schedule does not load: @\/schedule\.ts:2: TypeScript enum is not supported.* without enum/,
  },
  'an exception': {
    text: "type Text = string\nconst text: Text = 'no such host'\nthrow new Error(text)\nexport default {}\n",
    sentence: /^The schedule does not load: @\/schedule\.ts:3: no such host\.$/,
  },
  'a thrown text': {
    text: "throw 'no'\nexport default {}\n",
    sentence: /^The schedule does not load: @\/schedule\.ts: it threw no\.$/,
  },
  'an error in a file that it imports': {
    text: "import './broken.ts'\nexport default {}\n",
    sentence: /^The schedule does not load: @\/broken\.ts:2: /,
  },
  'a name that a file does not export': {
    text: "\nimport { nobody } from './names.ts'\nexport default { nobody }\n",
    sentence: /^The schedule does not load: @\/schedule\.ts:2: .*'nobody'\.$/,
  },
  'an import without its extension': {
    text: "import './names'\nexport default {}\n",
    sentence: /^The schedule does not load: @\/schedule\.ts: Cannot find module '@\/names'.* extension the file has/,
  },
  'a package that is not there': {
    text: "import 'nowhere-to-be-found'\nexport default {}\n",
    sentence: /^The schedule does not load: @\/schedule\.ts: Cannot find package 'nowhere-to-be-found'/,
  },
  'no default export': {
    text: 'export const schedule = {}\n',
    sentence: /^The schedule @\/schedule\.ts has no default export\. Write export default defineSchedule/,
  },
  'an await that never ends': {
    text: 'await new Promise(() => {})\nexport default {}\n',
    sentence: /^The schedule does not load: @\/schedule\.ts: it was not done after 500ms\. Look at what it awaits/,
  },
  'a syntax that types cannot be left out of': {
    text: 'class Queue { constructor(readonly name: string) {} }\nexport default { Queue }\n',
    sentence: /^The schedule does not load: @\/schedule\.ts:1: .*parameter propert.* without enum, namespace and/,
  },
  'a job that JSON has twice': {
    file: 'schedule.json',
    text: '{ "jobs": {\n  "mail": { "when": "a \\" {" },\n  "b": [{ "mail": 1 }, { "mail": 2 }],\n  "mail": {} } }',
    sentence:
      /^The schedule does not load: @\/schedule\.json: "mail" stands twice in "jobs", in lines 2 and 4: remove one\.$/,
  },
  'JSON that is none': {
    file: 'schedule.json',
    text: '{ "timezone": "UTC",\n "jobs": }',
    sentence: /^The schedule does not load: @\/schedule\.json: Unexpected token '\}'.* is not valid JSON\.$/,
  },
}

for (const [name, { file = 'schedule.ts', text, sentence }] of Object.entries(REFUSED)) {
  test(`${name} is a sentence, and names the file and the line where Node knows it`, async (t) => {
    const names = { 'names.ts': 'export const queue = 1\n', 'broken.ts': '\nexport const = 1\n' }
    const directory = await project(t, { [file]: text, ...names }, IS_COMMON_JS)

    const { stdout, stderr, exitCode } = await load(join(directory, file), name.includes('never ends') ? 500 : 10_000)

    assert.match(stderr.trimEnd().replaceAll(directory, '@'), sentence)
    assert.deepEqual([stdout, exitCode], ['', EXIT.badConfig])
  })
}

for (const packageJson of [NO_PACKAGE, IS_COMMON_JS, IS_MODULE]) {
  test(`a schedule imports files of its project, where package.json is ${packageJson ?? 'missing'}`, async (t) => {
    const directory = await project(
      t,
      {
        'schedule.ts': `
          import holidays from './holidays.json' with { type: 'json' }
          import { zone } from './zone.js'
          import { shards } from './shards.mts'
          import limits from './limits.cjs'
          export default { zone, holidays, shards, limits }\n`,
        'holidays.json': '["2026-12-25"]',
        'zone.js': "export const zone = 'UTC'\n",
        'shards.mts': 'export const shards: number = 4\n',
        'limits.cjs': 'module.exports = { pending: 5 }\n',
      },
      packageJson,
    )

    const { stdout, stderr } = await load(join(directory, 'schedule.ts'))

    assert.equal(stderr, '')
    assert.deepEqual(JSON.parse(stdout), {
      zone: 'UTC',
      holidays: ['2026-12-25'],
      shards: 4,
      limits: { pending: 5 },
    })
  })
}

test('a path without a file is a sentence', async (t) => {
  const directory = await project(t, {}, undefined)

  const { stderr, exitCode } = await load(join(directory, 'schedule.ts'))

  assert.equal(
    stderr.trimEnd(),
    `There is no schedule file ${directory}/schedule.ts. Name the one that is meant with --schedule.`,
  )
  assert.equal(exitCode, EXIT.badConfig)
})

test('a package under node_modules stays what its package.json says', async (t) => {
  const directory = await project(
    t,
    { 'schedule.mjs': "export { default } from './node_modules/other/a.js'\n" },
    NO_TYPE,
  )
  const other = join(directory, 'node_modules', 'other')
  await mkdir(other, { recursive: true })
  await writeFile(join(other, 'package.json'), IS_COMMON_JS)
  await writeFile(join(other, 'a.js'), '/*\nimport\n*/\nmodule.exports = { isCommonJs: typeof require }\n')

  const { stdout, stderr } = await load(join(directory, 'schedule.mjs'))

  assert.equal(stderr, '')
  assert.deepEqual(JSON.parse(stdout), { isCommonJs: 'function' })
})

test('of several schedule files the TypeScript one is found, and JSON comes last', async (t) => {
  const directory = await project(t, {}, undefined)
  const found: (string | undefined)[] = [findSchedule(directory)]

  for (const extension of ['json', 'cjs', 'mjs', 'js', 'mts', 'ts']) {
    await writeFile(join(directory, `schedule.${extension}`), '')
    found.push(findSchedule(directory)?.slice(directory.length + 1))
  }

  assert.deepEqual(found, [
    undefined,
    'schedule.json',
    'schedule.cjs',
    'schedule.mjs',
    'schedule.js',
    'schedule.mts',
    'schedule.ts',
  ])
})

/** A directory of its own with these files; gone after the test. */
async function project(
  t: TestContext,
  files: Record<string, string>,
  packageJson: string | undefined,
): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'schedule-')))
  t.after(() => rm(directory, { recursive: true }))
  const all = packageJson === undefined ? files : { ...files, 'package.json': packageJson }
  for (const [name, text] of Object.entries(all)) await writeFile(join(directory, name), text)
  return directory
}

/** Loads the schedule in a process of its own, which prints it, or the complaint. */
async function load(path: string, limitMs = 10_000): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const entry = `data:text/javascript,${encodeURIComponent(ENTRY)}`
  const program = `
    const { loadSchedule } = await import(${JSON.stringify(new URL('load.ts', SOURCE))})
    try {
      console.log(JSON.stringify(await loadSchedule(${JSON.stringify(path)}, ${JSON.stringify(entry)}, ${limitMs})))
    } catch (error) {
      console.error(error.message)
      process.exitCode = error.exitCode ?? 1
    }
  `
  return new Promise((resolve) => {
    const args = ['--input-type=module', '--eval', program]
    const child = execFile(process.execPath, args, { env: {} }, (_error, stdout, stderr) => {
      resolve({ stdout, stderr, exitCode: child.exitCode ?? -1 })
    })
  })
}
