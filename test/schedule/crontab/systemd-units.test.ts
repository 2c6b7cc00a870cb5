import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { systemdUnits } from '../../../src/schedule/crontab/systemd-units.ts'
import { temporaryDirectory } from '../../helpers/cleanup.ts'

const call = { directory: "/srv/my shop's 100%", nodeDirectory: '/opt/node $1/bin', command: process.execPath }

test('the units of a directory with any name', () => {
  const { name, service, timer } = systemdUnits({ ...call, schedule: '/srv/a "b".ts' }, 'shop')

  assert.equal(name, 'cron-mission-my-shop-s-100')
  assert.match(service, /^WorkingDirectory=\/srv\/my shop's 100%%$/m)
  assert.match(service, /^Environment="PATH=\/opt\/node \$1\/bin:\/usr\/local\/bin:\/usr\/bin:\/bin"$/m)
  assert.match(service, /^ExecStart=\S+ --schedule "\/srv\/a \\"b\\".ts"$/m)
  assert.match(service, /^KillMode=process$/m)
  assert.match(timer, /^OnCalendar=minutely$/m)
})

const noAnalyzer = spawnSync('systemd-analyze', ['--version']).status !== 0 && 'systemd-analyze is not installed'

test('systemd takes the units as they are', { skip: noAnalyzer }, (t) => {
  const directory = temporaryDirectory(t)
  const { name, service, timer } = systemdUnits(call, 'root')
  writeFileSync(join(directory, `${name}.service`), service)
  writeFileSync(join(directory, `${name}.timer`), timer)

  const { stderr } = spawnSync('systemd-analyze', ['verify', join(directory, `${name}.timer`)], { encoding: 'utf8' })

  assert.doesNotMatch(stderr, new RegExp(name))
})
