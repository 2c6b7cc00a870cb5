import assert from 'node:assert/strict'
import test from 'node:test'
import { readCrontab, variablesAbove, writeCrontab } from '../../../src/schedule/crontab/crontab-text.ts'

test('a crontab comes out byte for byte as it went in, whatever its encoding', () => {
  const bytes = Buffer.from('# caf\xe9\n\n\t*/5 * * * *\tdate  \nMAILTO = "ops"\r\n@daily true\nnot a line\n', 'latin1')

  const lines = readCrontab(bytes)

  assert.deepEqual(writeCrontab(lines), bytes)
})

test('a last line without a newline gets the one that cron demands', () => {
  assert.equal(writeCrontab(readCrontab(Buffer.from('@daily true'))).toString(), '@daily true\n')
})

test('lines are told apart as crontab(5) does', () => {
  const entries = readCrontab(
    Buffer.from(
      [
        '# * * * * * comment',
        'PATH=/usr/bin:/bin',
        ' "A B" = \'c d\' ',
        '* * * * * A=1 date',
        '@reboot  true',
        '* * * * no-command',
        '0 0 * * * date +\\%F%input%more',
      ].join('\n'),
    ),
  ).map(({ entry }) => entry)

  const job = (command: string, uncut = command, input?: string) => ({
    ...{ kind: 'job', user: undefined, command, input, uncut },
  })
  assert.deepEqual(entries, [
    undefined,
    { kind: 'variable', name: 'PATH', value: '/usr/bin:/bin' },
    { kind: 'variable', name: 'A B', value: 'c d' },
    { ...job('A=1 date'), when: '* * * * *' },
    { ...job('true'), when: '@reboot' },
    undefined,
    { ...job('date +%F', 'date +%F%input%more', 'input\nmore\n'), when: '0 0 * * *' },
  ])
})

test('a crontab of the system names the user of each line', () => {
  const [line] = readCrontab(Buffer.from('17 *\t* * *\troot    cd / && run-parts /etc/cron.hourly\n'), true)

  assert.deepEqual(line?.entry, {
    kind: 'job',
    when: '17 *\t* * *',
    user: 'root',
    command: 'cd / && run-parts /etc/cron.hourly',
    input: undefined,
    uncut: 'cd / && run-parts /etc/cron.hourly',
  })
})

test('of a variable the last assignment above a line holds', () => {
  const lines = readCrontab(Buffer.from('A=1\nA=2\n@daily true\nA=3\n'))
  const [, , line] = lines

  assert.deepEqual(line && [...variablesAbove(lines, line)], [['A', '2']])
})
