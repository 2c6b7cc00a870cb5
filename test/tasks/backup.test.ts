import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectDirectory, runTask } from './run-task.ts'

const DATED = /^\d{8}T\d{6}Z\.tar\.gz$/

for (const path of ['data', 'var/my data', '-rf', '$(touch x)', 'it\'s; "*"\n?', 'é\\n%s', 'file.txt.']) {
  test(`backup makes a dated archive of ${JSON.stringify(path)}`, async (t) => {
    const project = projectDirectory(t)
    mkdirSync(join(project, path), { recursive: true })
    writeFileSync(join(project, path, 'inside'), 'content')

    const run = await runTask('backup.sh', path, project)

    const [archive = '', ...others] = readdirSync(join(project, 'backups', path))
    assert.equal(run.code, 0, run.stderr)
    assert.equal(run.stdout, `backed up ${path} to backups/${path}/${archive}\n`)
    assert.match(archive, DATED)
    assert.deepEqual(others, [])
    const unpacked = projectDirectory(t)
    execFileSync('tar', ['-xzf', join(project, 'backups', path, archive), '-C', unpacked])
    assert.deepEqual(readdirSync(join(unpacked, path)), ['inside'])
    assert.deepEqual(readdirSync(project).sort(), ['backups', path.split('/')[0]].sort())
  })
}

test('backup keeps the newest and removes nothing that it did not make', async (t) => {
  const project = projectDirectory(t)
  const backups = join(project, 'elsewhere/data')
  mkdirSync(backups, { recursive: true })
  writeFileSync(join(project, 'data'), 'content')
  const older = ['20240101T000000Z.tar.gz', '20250101T000000Z.tar.gz', '20260101T000000Z.tar.gz']
  for (const name of [...older, 'by-hand.tar.gz', '2024.tar.gz']) writeFileSync(join(backups, name), '')

  const run = await runTask('backup.sh', 'data', project, { BACKUP_DIR: 'elsewhere', BACKUP_KEEP: '2' })

  assert.equal(run.code, 0, run.stderr)
  const dated = readdirSync(backups).filter((name) => DATED.test(name))
  assert.equal(dated.length, 2)
  assert.ok(dated.includes('20260101T000000Z.tar.gz'))
  assert.ok(existsSync(join(backups, 'by-hand.tar.gz')))
  assert.ok(existsSync(join(backups, '2024.tar.gz')))
})

test('backup leaves nothing behind and keeps the old ones when it does not succeed', async (t) => {
  const project = projectDirectory(t)
  writeFileSync(join(project, 'data'), 'content')
  mkdirSync(join(project, 'bin'))
  writeFileSync(join(project, 'bin/tar'), '#!/bin/sh\necho half an archive\nexit 2\n', { mode: 0o755 })
  mkdirSync(join(project, 'backups/data'), { recursive: true })
  writeFileSync(join(project, 'backups/data/20240101T000000Z.tar.gz'), '')

  const run = await runTask('backup.sh', 'data', project, {
    PATH: `${join(project, 'bin')}:${process.env.PATH}`,
    BACKUP_KEEP: '1',
  })

  assert.equal(run.code, 2)
  assert.deepEqual(readdirSync(join(project, 'backups/data')), ['20240101T000000Z.tar.gz'])
})

for (const [path, reason] of [
  ['', /No path was given/],
  ['missing', /"missing" does not exist/],
  ['.', /not a plain path inside the project/],
  ['./', /not a plain path inside the project/],
  ['../secret', /not a plain path inside the project/],
  ['data/../..', /not a plain path inside the project/],
  ['/etc', /not a plain path inside the project/],
] as const) {
  test(`backup refuses "${path}" for good`, async (t) => {
    const project = projectDirectory(t)

    const run = await runTask('backup.sh', path, project)

    assert.equal(run.code, 65)
    assert.match(run.stderr, reason)
    assert.deepEqual(readdirSync(project), [])
  })
}

test('backup refuses to keep a number of backups that is none', async (t) => {
  const project = projectDirectory(t)
  writeFileSync(join(project, 'data'), 'content')

  const run = await runTask('backup.sh', 'data', project, { BACKUP_KEEP: '-1' })

  assert.equal(run.code, 65)
  assert.match(run.stderr, /BACKUP_KEEP is "-1"\. Use a whole number from 1\./)
})
