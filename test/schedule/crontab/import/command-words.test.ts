/**
 * A command of a crontab as words: what runs is, byte for byte, what the shell would have made of it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test from 'node:test'
import { runInNewContext } from 'node:vm'
import { readCrontab } from '../../../../src/schedule/crontab/crontab-text.ts'
import { execWords } from '../../../../src/schedule/crontab/import/command-words.ts'
import { commentText, typescriptText } from '../../../../src/schedule/crontab/import/typescript-text.ts'
import { Random, SEED } from '../../calendar/random-cron.ts'

const COMMANDS = 60
const PARTS = [
  ...[
    'a',
    'B9',
    '-x',
    '--to=/srv/a',
    '.',
    '~',
    '*',
    '?',
    '[a]',
    '{a,b}',
    '$HOME',
    '$(echo x)',
    '`echo y`',
    "'it is'",
    '"two words"',
  ],
  ...[
    '"a$HOME"',
    "'$HOME'",
    '"\\""',
    '\\$HOME',
    '\\ ',
    '=a',
    'a=b',
    '#',
    '#a',
    'a#',
    '!',
    '^',
    '\u00e4',
    '\u{1f980}',
    '""',
    "''",
  ],
  ...['\'a\'b"c"', '"a!b"', ';', '&&', '| cat', '2>&1', '> /dev/stderr', '\t', '(', ')', '\\', '"', "'", '\\\\', '\r'],
]

test(`a command runs as the shell would have run it (SEED=${SEED})`, () => {
  const random = new Random(SEED)
  let plain = 0
  for (let k = 0; k < COMMANDS; k++) {
    const parts = Array.from({ length: random.between(0, 5) }, () =>
      random.pick(k % 2 === 0 ? PARTS.slice(0, 5) : PARTS),
    )
    const command = ['/usr/bin/printf', "'[%s]'", ...parts].join(random.pick([' ', '  ', ' \t']))
    const input = k % 3 === 0 ? `line ${k} \\n%s\n` : undefined
    const reading = input === undefined ? command : `cat -; ${command}`
    const words = execWords({ command: reading, input })

    const [name = '', ...args] = words.map((word) => runInNewContext(typescriptText(word)) as string)
    if (name !== '/bin/sh') plain++
    const own = spawnSync(name, args, { input: '' })
    const told = spawnSync('/bin/sh', ['-c', reading], { input: input ?? '' })

    assert.deepEqual(
      [own.stdout.toString('latin1'), own.status],
      [told.stdout.toString('latin1'), told.status],
      JSON.stringify({ command, words }),
    )
  }
  assert.ok(plain > 0)
})

test('a plain command is its words, and all that means something to a shell goes to it', () => {
  const words = (command: string, shell?: string) => execWords({ command, input: undefined }, shell)

  assert.deepEqual(words('/usr/bin/php a.php --name "two words" \'it is\' x="y z"'), [
    ...['/usr/bin/php', 'a.php', '--name', 'two words', 'it is', 'x=y z'],
  ])
  for (const command of [
    'cd /srv',
    'A=1 date',
    'echo a',
    'a > b',
    'a ~',
    'a $b',
    'a "$b"',
    'a *',
    '"my program"',
    'a =b',
    '',
  ]) {
    assert.deepEqual(words(command), ['/bin/sh', '-c', command])
  }
  assert.deepEqual(words('backup --all', '/usr/bin/fish'), ['/usr/bin/fish', '-c', 'backup --all'])
  assert.deepEqual(words('a | b', '/bin/bash'), ['/bin/bash', '-c', 'a | b'])
})

test('a long command is looked at once, whatever it is made of', () => {
  const before = performance.now()
  execWords({ command: `${'a/b-c=d '.repeat(5_000)}$`, input: undefined })
  execWords({ command: `${'a'.repeat(50_000)}$`, input: undefined })

  assert.ok(performance.now() - before < 5_000)
})

/** What Debian's cron 3.0 gave the shell of `…`, and on standard input. */
const RUN_BY_CRON: readonly (readonly [line: string, command: string, input: string | undefined])[] = [
  ["printf '[\\%s]' 'a\\\\b'", "printf '[%s]' 'a\\b'", undefined],
  ["printf '[\\%s]' 'a\\\\\\%b'", "printf '[%s]' 'a\\%b'", undefined],
  ['a "b\\\\%c"', 'a "b\\', 'c"\n'],
  ['cat%l1\\%x%l2\\\\%l3\\y', 'cat', 'l1%x\nl2\\%l3\\y\n'],
  ['cat%', 'cat', ''],
  ['cat%x%', 'cat', 'x\n'],
  ['cat%x\\', 'cat', 'x\\\n'],
  ['cat%%x', 'cat', '\nx\n'],
  ['a\\', 'a\\', undefined],
  ['a\r', 'a\r', undefined],
]

test("percent signs and backslashes are taken apart as Debian's cron does", () => {
  for (const [line, command, input] of RUN_BY_CRON) {
    const [read] = readCrontab(Buffer.from(`* * * * * ${line}\n`))

    assert.ok(read?.entry?.kind === 'job')
    assert.deepEqual([read.entry.command, read.entry.input], [command, input])
  }
})

test('any text is a TypeScript string of one line, and any comment is one', () => {
  for (const text of [
    '',
    "it's",
    '"',
    `'"`,
    '\\',
    '\n\r\t\0',
    '\u2028\u2029',
    '\ud800',
    '\u{1f980}',
    '\u200b',
    '$x`',
    '*/',
  ]) {
    const source = typescriptText(text)

    assert.equal(runInNewContext(source), text)
    assert.doesNotMatch(source, /[\n\r\u2028\u2029\0]/)
    assert.doesNotMatch(commentText(text), /[\n\r\u2028\u2029\0]/)
  }
})
