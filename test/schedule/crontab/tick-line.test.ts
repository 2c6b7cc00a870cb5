import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { readCrontab } from '../../../src/schedule/crontab/crontab-text.ts'
import { tickLines, tickLineText } from '../../../src/schedule/crontab/tick-line.ts'
import { temporaryDirectory } from '../../helpers/cleanup.ts'
import { runProgram } from '../../helpers/processes.ts'

const NAMES = ['plain', "it's", 'two words ', '100% $HOME `date`', '"double" #1', 'größe-日本-🛒', '-e', '&& false;']

for (const name of NAMES) {
  test(`the line of a project in ${JSON.stringify(name)} does what it says`, async (t) => {
    const directory = join(temporaryDirectory(t), name)
    const command = join(directory, 'where')
    mkdirSync(directory)
    writeFileSync(command, '#!/bin/sh\npwd -P >where.txt; echo "$PATH" "$@"\n')
    chmodSync(command, 0o755)

    const text = tickLineText({ directory, nodeDirectory: directory, command, schedule: 'a b.ts' })

    const [line] = readCrontab(Buffer.from(`${text}\n`))
    assert.ok(line?.entry?.kind === 'job')
    const ended = await runProgram('/bin/sh', ['-c', line.entry.command], { cwd: '/', env: { PATH: '/usr/bin:/bin' } })
    assert.deepEqual([ended.code, ended.stderr], [0, ''])
    assert.equal(ended.stdout, `${directory}:/usr/bin:/bin --schedule a b.ts\n`)
    const [found] = tickLines([line], '/home/shop')
    assert.deepEqual([found?.directory, found?.isOurs], [directory, true])
  })
}

test('our commands are found by their names in a job, also where Node is elsewhere', () => {
  const [nodeDirectory, bin] = ['/usr/local/bin', "/srv/it's/node_modules/.bin"]

  const line = tickLineText({ directory: '/srv', nodeDirectory, command: `${bin}/cron-mission` })
  const ofSystem = tickLineText({ directory: '/srv', nodeDirectory, command: `${nodeDirectory}/cron-mission` })
  const ofFile = tickLineText({ directory: '/srv', nodeDirectory, command: '/srv/dist/bin/cron-mission.js' })

  assert.match(line, / PATH='\/usr\/local\/bin':'\/srv\/it'\\''s\/node_modules\/\.bin':"\$PATH" /)
  assert.match(ofSystem, / PATH='\/usr\/local\/bin':"\$PATH" /)
  assert.match(ofFile, / PATH='\/usr\/local\/bin':"\$PATH" /)
})

for (const name of ['back\\slash', 'new\nline', 'bell\x07']) {
  test(`a directory called ${JSON.stringify(name)} is refused with what to do`, () => {
    const call = { directory: `/srv/${name}`, nodeDirectory: '/usr/bin', command: '/usr/bin/cron-mission' }

    assert.throws(() => tickLineText(call), /backslash or a control character.*symbolic link/)
  })
}

const BY_HAND: readonly (readonly [command: string, directory: string | undefined])[] = [
  ['cd /srv/shop && PATH="$PWD/node_modules/.bin:$PATH" cron-mission', '/srv/shop'],
  ["cd '/srv/my shop'; /usr/bin/cron-mission --wait >>/var/log/tick 2>&1", '/srv/my shop'],
  ['cd ~/shop && nice -n 5 node node_modules/cron-mission/dist/bin/cron-mission.js', '/home/shop/shop'],
  ['cd "$HOME/shop" && flock -n .lock cron-mission', '/home/shop/shop'],
  ['cron-mission --directory=/srv/shop', '/srv/shop'],
  ['cd /srv && cron-mission --directory shop', '/srv/shop'],
  ['cron-mission', '/home/shop'],
  ['cd /srv/shop && cron-mission stop', undefined],
  ['cd /srv/shop && backup # not cron-mission', undefined],
  ['cd /srv/cron-mission-demo && ls', undefined],
]
for (const [command, directory] of BY_HAND) {
  test(`a line by hand: ${command}`, () => {
    const lines = tickLines(readCrontab(Buffer.from(`* * * * * ${command}\n`)), '/home/shop')

    assert.deepEqual(
      lines.map((line) => [line.directory, line.isOurs]),
      directory === undefined ? [] : [[directory, false]],
    )
  })
}
