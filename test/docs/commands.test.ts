/** The manual of the commands is what the declarations say, and every verb can be looked up in it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { manual } from '../../docs/commands.ts'
import { COMMANDS } from '../../src/bin/command/commands.ts'
import { type Declaration, nameOfVerb } from '../../src/bin/verb.ts'
import { type BinName, makeProject, runBin } from '../helpers/processes.ts'

/** One of each kind: they are all made alike. */
const HELPED = ['cron-mission', 'cron-mission why', 'do-queue', 'add-task', 'queuectl retry', 'queuectl pause']

const DECLARED = COMMANDS.flatMap(({ name, verbs, unnamed }) => [
  ...verbs.map((verb) => ({ line: `${name} ${nameOfVerb(verb)}`, verb })),
  ...(unnamed === undefined ? [] : [{ line: name, verb: unnamed as Declaration }]),
])

test('docs/commands.md is what the declarations say', () => {
  const file = readFileSync(join(import.meta.dirname, '../../docs/commands.md'), 'utf8')

  assert.ok(file === manual(), 'docs/commands.md is not what the declarations say. "npm run docs" writes it.')
})

test('every verb says in a sentence what it does, and has an example of itself', () => {
  for (const { line, verb } of DECLARED) {
    const { describe, examples = [], options = {}, positionals = {} } = verb
    assert.ok(examples.length > 0, `${line} has no example`)
    for (const [example, what] of examples) {
      const typed = example.replaceAll('$0', line.split(' ')[0] ?? '')
      assert.ok(typed.includes(line), `"${typed}" is no example of ${line}`)
      assert.match(what, /[^.]$/, 'a note has no full stop')
      for (const [flag] of typed.slice(typed.indexOf(line)).matchAll(/(?<=\s)--[a-z][a-z-]*/g))
        assert.ok(flag in asFlags(verb), `${line} has no ${flag}`)
    }
    for (const text of [describe, ...Object.values({ ...options, ...positionals }).map((one) => one.describe ?? '')])
      assert.match(text, /^["A-Z0-9]/, `of ${line}: "${text}"`)
  }
})

test('the help of a verb says what the manual says', async (t) => {
  const project = makeProject(t)
  for (const { line, verb } of DECLARED.filter(({ line }) => HELPED.includes(line))) {
    const [command = '', ...words] = line.split(' ')
    const { code, stdout } = await runBin(command as BinName, [...words, '--help'], { cwd: project.directory, t })

    assert.equal(code, 0)
    assert.match(stdout, /\nExamples:\n/)
    const said = [verb.describe, verb.more ?? '', ...Object.values(verb.options ?? {}).map((one) => one.describe ?? '')]
    for (const word of said.flatMap((text) => text.split(/\s+/)))
      assert.ok(stdout.includes(word), `${line} --help does not say "${word}"`)
  }
})

test('a mistyped verb or flag is answered with the one that was meant', async (t) => {
  const project = makeProject(t)
  for (const [command, args, hint] of [
    ['queuectl', ['lst'], 'Did you mean list?'],
    ['queuectl', ['list', '--statsu', 'failed'], '--statsu is not known here. Did you mean --status?'],
    ['queuectl', ['list', '--oldset', '--limti', '3'], 'are not known here. Did you mean --oldest, --limit?'],
    ['cron-mission', ['bakfill', 'x'], 'Did you mean backfill?'],
    ['cron-mission', ['pause', '--untl', '2h'], 'Did you mean --until?'],
    ['cron-mission', ['--dryrun'], 'Did you mean --dry-run?'],
    ['do-queue', ['--concurency', '4'], 'Did you mean --concurrency?'],
    ['add-task', ['x', '--prioriti', '4'], 'Did you mean --priority?'],
    ['queuectl', ['why', '1', '--jason'], 'Did you mean --json?'],
    ['queuectl', ['why', '1', '--zzz'], '--zzz is not known here. See "queuectl why --help".'],
  ] as const) {
    const { code, stderr } = await runBin(command, args, { cwd: project.directory, t })

    assert.equal(code, 64)
    assert.ok(stderr.includes(hint), `${stderr} has no "${hint}"`)
  }
})

/** The flags of a verb, those of its command included, as they are typed. */
function asFlags(verb: Declaration): Record<string, true> {
  const command = COMMANDS.find(({ verbs, unnamed }) => verbs.includes(verb) || unnamed === verb)
  return Object.fromEntries(Object.keys({ ...command?.options, ...verb.options }).map((name) => [`--${name}`, true]))
}
