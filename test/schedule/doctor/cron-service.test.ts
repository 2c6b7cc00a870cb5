import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { containerFindings } from '../../../src/schedule/doctor/container.ts'
import { cronDaemons, cronFindings, readSettings } from '../../../src/schedule/doctor/cron-service.ts'
import { systemdFindings, tickUnits } from '../../../src/schedule/doctor/systemd-timer.ts'
import { temporaryDirectory } from '../../helpers/cleanup.ts'

/** A /proc with these processes. */
function procOf(t: TestContext, processes: Readonly<Record<number, Readonly<Record<string, string>>>>): string {
  const proc = temporaryDirectory(t)
  for (const [pid, files] of Object.entries(processes)) {
    mkdirSync(join(proc, pid))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(proc, pid, name), text)
  }
  return proc
}

test('cron daemons are found by their names, with the unit they run in', (t) => {
  const proc = procOf(t, {
    7: { comm: 'cron\n', cgroup: '0::/system.slice/cron.service\n' },
    8: { comm: 'crond\n', cgroup: '12:pids:/\n1:name=systemd:/system.slice/crond.service\n0::/\n' },
    9: { comm: 'busybox\n', cmdline: 'busybox\0crond\0-f\0', cgroup: '0::/docker/4f\n' },
    10: { comm: 'busybox\n', cmdline: 'busybox\0sh\0', cgroup: '0::/\n' },
    11: { comm: 'crontab\n', cgroup: '0::/\n' },
  })

  assert.deepEqual(cronDaemons(proc), [
    { pid: 7, unit: 'cron.service' },
    { pid: 8, unit: 'crond.service' },
    { pid: 9, unit: undefined },
  ])
})

test('a crontab line without a cron daemon is a problem', () => {
  assert.match(cronFindings([], true)[0]?.sentence ?? '', /^No cron daemon runs/)
  assert.deepEqual(cronFindings([], false), [])
})

test('what systemd does to the programs of cron is told', () => {
  const settings = readSettings(
    'KillMode=control-group\nPrivateTmp=yes\nMemoryDenyWriteExecute=no\nMemoryDenyWriteExecute=yes\n',
  )

  const findings = cronFindings([{ pid: 7, unit: 'crond.service' }], true, () => settings)

  assert.deepEqual(
    findings.map(({ level, sentence }) => `${level} ${/has (\S+?)[:.]? /.exec(sentence)?.[1]}`),
    ['problem MemoryDenyWriteExecute=yes:', 'note KillMode=control-group:', 'note PrivateTmp=yes:'].map((text) =>
      text.slice(0, -1),
    ),
  )
  assert.match(findings[0]?.sentence ?? '', /exit code 133.*systemctl edit crond\.service/)
})

test("Debian's own cron.service has no findings", () => {
  const settings = readSettings('KillMode=process\nPrivateTmp=no\nMemoryDenyWriteExecute=no\n')

  assert.deepEqual(
    cronFindings([{ pid: 7, unit: 'cron.service' }], true, () => settings),
    [],
  )
})

const UNITS: readonly (readonly [name: string, lines: string, finding: RegExp | undefined])[] = [
  [
    'children are killed',
    'ExecStart=/usr/bin/cron-mission',
    /problem: .*KillMode=control-group.*Write KillMode=process/,
  ],
  ['children are spared', 'ExecStart=/usr/bin/cron-mission\nKillMode=process', undefined],
  ['a tick that stays', 'ExecStart=/usr/bin/cron-mission --wait', /note: .*holds back every other job/],
  ['a daemon', 'ExecStart=/usr/bin/cron-mission daemon\nKillMode=mixed', undefined],
  [
    'a daemon whose workers are signalled twice',
    'ExecStart=/usr/bin/cron-mission daemon',
    /problem: .*Write KillMode=process/,
  ],
  ['no new code', 'ExecStart=cron-mission\nKillMode=process\nMemoryDenyWriteExecute=true', /problem: .*exit code 133/],
]
for (const [name, lines, finding] of UNITS) {
  test(`a service of systemd: ${name}`, (t) => {
    const directory = temporaryDirectory(t)
    writeFileSync(join(directory, 'shop.service'), `[Service]\nWorkingDirectory=/srv/100%%\n${lines}\n`)
    writeFileSync(join(directory, 'other.service'), '[Service]\nWorkingDirectory=/srv/other\nExecStart=cron-mission\n')

    const units = tickUnits('/srv/100%', directory)

    assert.deepEqual(
      units.map((unit) => unit.name),
      ['shop.service'],
    )
    const told = systemdFindings(units).map(({ level, sentence }) => `${level}: ${sentence}`)
    if (finding === undefined) assert.deepEqual(told, [])
    else assert.match(told.join('\n'), finding)
  })
}

test('Node as process 1 is told to get an init', (t) => {
  const node = procOf(t, { 1: { cmdline: '/usr/local/bin/node\0/app/cron-mission.js\0' } })
  const init = procOf(t, { 1: { cmdline: '/sbin/docker-init\0--\0node\0' } })

  assert.match(containerFindings(node)[0]?.sentence ?? '', /docker run --init/)
  assert.deepEqual(containerFindings(init), [])
})
