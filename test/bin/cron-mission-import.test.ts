/**
 * `cron-mission import`: crontabs as people have them, and what a schedule is made of them.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeProject, runBin } from '../helpers/processes.ts'

const CRONTABS = join(import.meta.dirname, '../fixtures/crontabs')
const SHOP = join(CRONTABS, 'shop')

test('a crontab becomes a schedule that is right as it is, and what is left out is told', async (t) => {
  const { directory, path } = makeProject(t)

  const imported = await importing(t, directory, [SHOP])
  writeFileSync(path('schedule.ts'), imported.stdout)
  const checked = await runBin('cron-mission', ['check', '--json'], { cwd: directory, t })

  assert.deepEqual(imported.stderr.replaceAll(SHOP, 'shop').split('\n'), [
    'cron-mission: shop:34: Left out. @reboot has no minute at which it is due. Leave the line in the crontab, or make a service of it.',
    'cron-mission: shop:41: Left out. Its day-of-month field is "L". Crons agree on *, 5, 1-5, */2, 1-9/2 and lists of these: write it so.',
    'cron-mission: shop:42: Left out. Its day-of-month field is "22-2", a range that ends before it begins: cron never runs it, cron-mission would go on over the end. Write what is meant.',
    'cron-mission: shop:43: Left out. It runs cron-mission itself. Leave it in the crontab.',
    '',
  ])
  assert.equal(imported.code, 65)
  const { jobs, problems } = JSON.parse(checked.stdout)
  assert.deepEqual([jobs.length, problems, checked.code], [22, [], 0])
  for (const text of [
    "    // Mails that wait\n    'send-mails': {\n      when: every('5m'),",
    "backup: { when: daily('02:30'), exec: ['/usr/local/bin/backup', '--all', '--to', '/srv/backup'] },",
    "'mysqldump --single-transaction shop | gzip > /srv/backup/shop-$(date +%F).sql.gz'",
    "'Hello team,\\n\\n100% of it is yours.\\n',",
    "exec: ['/var/www/shop/bin/first-week', 'monday, or the first seven days'],",
    "const environment = { SHELL: '/bin/bash',",
    '    // Left out: @reboot has no minute',
    '    // @reboot /usr/local/bin/warm-cache\n',
    '    // MAILTO=ops@shop.example: cron mailed what these commands printed;',
    '    // 0 4 * * * /usr/local/bin/old-thing\n',
  ]) {
    assert.ok(imported.stdout.includes(text), text)
  }
})

test('system crontabs are told by their lines, and JSON is a schedule as well', async (t) => {
  const { directory, path } = makeProject(t)
  const files = [join(CRONTABS, 'etc-crontab'), join(CRONTABS, 'cron.d-php')]

  const text = await importing(t, directory, files)
  const json = await importing(t, directory, [...files, '--json'])
  writeFileSync(path('schedule.json'), json.stdout)
  const checked = await runBin('cron-mission', ['check', '--json'], { cwd: directory, t })

  assert.deepEqual([text.code, text.stderr, json.code, checked.code], [0, '', 0, 0])
  const { jobs } = JSON.parse(json.stdout)
  assert.deepEqual(Object.keys(jobs), ['cron.hourly', 'cron.daily', 'cron.weekly', 'cron.monthly', 'sessionclean'])
  assert.deepEqual(jobs['cron.hourly'], {
    when: '17 * * * *',
    exec: ['/bin/sh', '-c', 'cd / && run-parts --report /etc/cron.hourly'],
  })
})

test('lines of several users are a schedule of one of them', async (t) => {
  const { directory } = makeProject(t)
  const lines = '*/5 * * * * root /usr/bin/one\n5 4 * * * www-data /usr/bin/two\n'

  const both = await importing(t, directory, ['-'], lines)
  const one = await importing(t, directory, ['-', '--user', 'www-data'], lines)
  const unknown = await importing(t, directory, ['-', '--user', 'eve'], lines)

  assert.match(
    both.stderr,
    /^cron-mission: These lines are of root, www-data, and a schedule runs its commands as one user\. Choose: --user root\.\n$/,
  )
  assert.deepEqual([both.code, both.stdout, one.code, unknown.code], [64, '', 0, 64])
  assert.equal(one.stderr, 'cron-mission: standard input:1: Left out. It is a line of root.\n')
  assert.match(one.stdout, /two: \{ when: daily\('04:05'\), exec: \['\/usr\/bin\/two'\] \},/)
})

test('zones, odd variables, bytes and line ends are carried over or told', async (t) => {
  const { directory } = makeProject(t)
  const lines = [
    'CRON_TZ=America/New_York',
    "QUOTED = 'two words'  ",
    'BIN=$HOME/bin',
    'A-B=1',
    'TASK_ID=1',
    'QUEUE_URL=mysql://u:geheim@db/x',
    '0 3 * * * one',
    'CRON_TZ=Nowhere/City',
    '0 3 * * * two',
    'CRON_TZ=""',
    '0 3 * * * three\r',
    'not a line',
    '0 3 * * * caf\xe9',
    '0 4 * * * four',
  ].join('\n')

  const { code, stdout, stderr } = await importing(t, directory, ['-'], Buffer.from(lines, 'latin1'))

  assert.equal(code, 65)
  const places = stderr.match(/input:\d+: Left out\. [^.]*\./g)
  assert.deepEqual(places, [
    'input:4: Left out. The name of the variable "A-B" is no name to a shell.',
    'input:5: Left out. The variable TASK_ID is for cron-mission to say.',
    'input:9: Left out. CRON_TZ above it is "Nowhere/City", which is no time zone.',
    'input:12: Left out. It is no line of a crontab: five fields or a nickname such as @daily, then a command.',
    'input:13: Left out. It holds bytes that are no UTF-8, or a NUL.',
  ])
  assert.match(stdout, /one: \{ when: daily\('03:00'\), timezone: 'America\/New_York', exec: \['one'\] \},/)
  assert.match(stdout, /three: \{ when: daily\('03:00'\), exec: \['\/bin\/sh', '-c', 'three\\r'\] \},/)
  assert.match(stdout, /env: \{ QUOTED: 'two words', BIN: '\$HOME\/bin' \},/)
  assert.match(stdout, /QUEUE_URL is a setting of cron-mission\. It belongs into the file \.env\./)
  assert.doesNotMatch(stdout + stderr, /geheim/)
})

test('an empty crontab is an empty schedule', async (t) => {
  const { directory, path } = makeProject(t)

  const { code, stdout } = await importing(t, directory, ['-'], '# nothing yet\n')
  writeFileSync(path('schedule.ts'), stdout)
  const checked = await runBin('cron-mission', ['check'], { cwd: directory, t })

  assert.deepEqual([code, checked.code], [0, 0])
  assert.match(readFileSync(path('schedule.ts'), 'utf8'), /jobs: \{\n {4}\/\/ nothing yet\n {2}\},/)
})

function importing(t: TestContext, cwd: string, args: readonly string[], stdin: string | Uint8Array = '') {
  return runBin('cron-mission', ['import', ...args], { cwd, stdin, t })
}
