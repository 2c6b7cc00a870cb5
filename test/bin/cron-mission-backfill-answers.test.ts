/**
 * What `cron-mission backfill` asks, says and refuses.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { startProgram, waitFor } from '../helpers/processes.ts'
import { handProject } from './hand-project.ts'
import { assertRefusal } from './refusal.ts'

const [sqlite] = DATABASES as readonly [Database]
const COMMAND = resolve(import.meta.dirname, '../../dist/bin/cron-mission.js')
const OCTOBER = ['backfill', 'report', '--from', '2025-10-01', '--to', '2025-10-08']

test('a backfill waits while its job is paused, and says so', async (t) => {
  const project = await handProject(t, sqlite)
  await project.ask('pause', 'report', '--reason', 'disk swap')

  const running = project.start('cron-mission', [...OCTOBER, '--yes'])
  await waitFor(() => running.stderr !== '', { what: 'a word about the pause' })
  const during = project.ran()
  running.kill('SIGINT')
  const { code, stderr } = await running.exited

  assert.match(
    stderr,
    /^cron-mission: Nothing is begun for now: paused since .*: disk swap; cron-mission resume report starts it again\.\n$/,
  )
  assert.deepEqual([during, code], [[], 75])
})

test('a job that comes after another is backfilled for the slots of that one', async (t) => {
  const project = await handProject(t, sqlite, { billWhen: "after('report')" })

  const { code, stdout } = await project.ask(
    'backfill',
    'bill',
    '--from',
    '2026-10-01',
    '--to',
    '2026-10-02',
    '--dry-run',
  )

  assert.equal(code, 0)
  assert.match(stdout, /^To be run: 2, the slots from 2026-10-01 02:30 to 2026-10-02 02:30, one after the other\.$/m)
})

const WRONG: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
  [
    ['mail', '--from', '2026-10-01', '--to', '2026-10-02'],
    /^The job "mail" works a queue, .*: do-queue --queue mail --since "2026-10-01" --until "2026-10-02"\.$/,
  ],
  [['report'], /^--from is missing\./],
  [['report', '--from', '2026-10-02', '--to', '2026-10-01'], /^--from is after --to\./],
  [['report', '--from', '2026-10-02', '--to', '2099-10-01 00:00'], /^--to is 2099-10-01 00:00, which is to come/],
  [
    ['report', '--from', '2026-10-02', '--max-parallel', '99'],
    /^--max-parallel is 99\. Use a whole number from 1 to 60\.$/,
  ],
]

for (const [args, sentence] of WRONG) {
  test(`cron-mission backfill ${args.join(' ')} is refused`, async (t) => {
    const project = await handProject(t, sqlite)

    assertRefusal('cron-mission', await project.ask('backfill', ...args, '--yes'), 64, sentence)
  })
}

const noTerminal =
  spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0 ? false : 'script(1) gives no terminal'

test('on a terminal a person is asked, and a bar tells how it goes', { skip: noTerminal }, async (t) => {
  const project = await handProject(t, sqlite, { does: 'sleep 0.1' })
  const command = `${process.execPath} ${COMMAND} ${OCTOBER.join(' ')}`
  const started = (answer: string) =>
    startProgram('script', ['-qec', command, '/dev/null'], { cwd: project.directory, stdin: `${answer}\n`, t })

  const no = await started('n').exited
  const yes = await started('y').exited

  assert.match(no.stdout, /Run these 8\? \[y\/N\] /)
  assert.match(no.stdout, /Nothing was begun\./)
  assert.match(yes.stdout, /report {2}\[█+░+\] \d of 8 {3}\d+ % /)
  assert.match(yes.stdout, /8 done, 0 failed\./)
  assert.equal(project.ran().length, 16)
})
