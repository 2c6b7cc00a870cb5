import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import test, { type TestContext } from 'node:test'
import { afterwards } from '../helpers/cleanup.ts'
import { type Ended, makeProject, type Project, runBin, runProgram } from '../helpers/processes.ts'
import { findProgram, isRoot } from '../helpers/server-program.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const CRONTAB = resolve(import.meta.dirname, '../fixtures/crontab')
const SCHEDULE = `import { defineSchedule, every } from 'cron-mission'
export default defineSchedule({ timezone: 'system', jobs: { mail: { when: every('1m'), queue: 'mail' } } })
`

interface CrontabProject extends Project {
  run(...args: readonly string[]): Promise<Ended>
  crontab(): string
  setCrontab(text: string | Buffer): void
}

/** @param home  where the crontab is kept */
function crontabProject(t: TestContext, home?: string): CrontabProject {
  const project = makeProject(t, { schedule: SCHEDULE })
  const spool = join(home ?? project.directory, 'spool')
  const env = { HOME: dirname(spool), PATH: [CRONTAB, dirname(process.execPath), process.env.PATH].join(delimiter) }
  return {
    ...project,
    run: (...args) => runBin('cron-mission', args, { cwd: project.directory, env, t }),
    crontab: () => (existsSync(spool) ? readFileSync(spool, 'latin1') : ''),
    setCrontab: (text) => writeFileSync(spool, text),
  }
}

test('install writes one line, and says what changes and who gets mail', async (t) => {
  const project = crontabProject(t)

  const { code, stdout, stderr } = await project.run('install', '--yes')

  assert.deepEqual([code, stderr], [0, ''])
  const command = project.path('node_modules/cron-mission/dist/bin/cron-mission.js')
  const line = `* * * * * cd '${project.directory}' && PATH='${dirname(process.execPath)}':"$PATH" '${command}' # cron-mission: ${project.directory}`
  assert.equal(project.crontab(), `${line}\n`)
  assert.ok(stdout.includes(`\n+ ${line}\n`), stdout)
  assert.match(stdout, /Written\.\nWhen something is wrong, cron mails it to \w+\./)
})

test('what else is in the crontab stays byte for byte', async (t) => {
  const project = crontabProject(t)
  const others = Buffer.from('# caf\xe9 \r\n\n MAILTO="ops@example.com"\n*/5 * * * *\tdate +\\%F  ', 'latin1')
  project.setCrontab(others)

  const { stdout } = await project.run('install', '--yes')
  const installed = project.crontab()
  await project.run('uninstall', '--yes')

  assert.match(stdout, /\(4 other lines stay as they are\)\nWritten\.\n.*ops@example\.com/)
  assert.ok(installed.startsWith(`${others.toString('latin1')}\n* * * * * cd '`))
  assert.equal(project.crontab(), `${others.toString('latin1')}\n`)
})

test('a second install finds its line, and writes nothing', async (t) => {
  const project = crontabProject(t)
  await project.run('install', '--yes')

  const again = await project.run('install')

  assert.deepEqual([again.code, again.stdout], [0, 'The line is there already; nothing is to be done.\n'])
})

test('an older line of ours is replaced where it stands, and a second one goes', async (t) => {
  const project = crontabProject(t)
  const old = (node: string) => `* * * * * cd /old && PATH=${node} cron-mission # cron-mission: ${project.directory}`
  project.setCrontab(`A=1\n${old('/n1')}\n@daily true\n${old('/n2')}\n`)

  const { stdout } = await project.run('install', '--yes')

  assert.match(stdout, /\n- .*\/n1.*\n- .*\/n2.*\n\+ .*\n/)
  assert.match(project.crontab(), /^A=1\n\* \* \* \* \* cd '.*\n@daily true\n$/)
})

test('two projects on one machine have a line each', async (t) => {
  const one = crontabProject(t)
  const other = crontabProject(t, one.directory)

  await one.run('install', '--yes')
  await other.run('install', '--yes')
  const both = one.crontab()
  await one.run('uninstall', '--yes')

  assert.equal(both.split('\n').length, 3)
  assert.match(one.crontab(), new RegExp(`^.*# cron-mission: ${other.directory}\n$`))
})

test('without a terminal and without --yes nothing is written', async (t) => {
  const project = crontabProject(t)

  const { code, stdout, stderr } = await project.run('install')

  assert.equal(code, 64)
  assert.match(stdout, /^The crontab of .*:\n\+ \* \* \* \* \* cd /)
  assert.match(stderr, /nothing was written\. Give --yes/)
  assert.equal(project.crontab(), '')
})

test('on a terminal it asks', { skip: findProgram('script') === undefined && 'needs script(1)' }, async (t) => {
  const project = crontabProject(t)
  const env = { HOME: project.directory, PATH: [CRONTAB, dirname(process.execPath), process.env.PATH].join(delimiter) }
  const command = `'${process.execPath}' '${ROOT}/dist/bin/cron-mission.js' install`
  const answer = (word: string) =>
    runProgram('sh', ['-c', `(sleep 1; echo ${word}; sleep 1) | script -qec "${command}" /dev/null`], {
      ...{ cwd: project.directory, env, t },
    })

  const no = await answer('n')
  const afterNo = project.crontab()
  const yes = await answer('y')

  assert.match(no.stdout, /Write it\? \[y\/N\].*Nothing was written/s)
  assert.equal(afterNo, '')
  assert.match(yes.stdout, /Write it\? \[y\/N\].*Written\./s)
  assert.match(project.crontab(), /# cron-mission: /)
})

test('a line that was written by hand for the same directory is pointed out, and left alone', async (t) => {
  const project = crontabProject(t)
  const byHand = `* * * * * cd "${project.directory}" && PATH="$PWD/node_modules/.bin:$PATH" cron-mission`
  project.setCrontab(`${byHand}\n* * * * * cd /srv/other && cron-mission\n`)

  const installed = await project.run('install', '--yes')
  const removed = await project.run('uninstall', '--yes', '--json')

  assert.ok(installed.stdout.startsWith(`This line runs the same ticks, by hand: ${byHand}\n`), installed.stdout)
  assert.deepEqual(JSON.parse(removed.stdout).byHand, [byHand])
  assert.equal(project.crontab(), `${byHand}\n* * * * * cd /srv/other && cron-mission\n`)
})

test('--print prints the line alone, --json tells everything, and a schedule elsewhere is named in the line', async (t) => {
  const project = crontabProject(t)
  renameSync(project.path('schedule.ts'), project.path('my jobs.ts'))

  const printed = await project.run('install', '--print', '--schedule', 'my jobs.ts')
  const json = await project.run('install', '--yes', '--json', '--schedule', 'my jobs.ts')

  assert.match(printed.stdout, /^\* \* \* \* \* .* --schedule '.*\/my jobs\.ts' # cron-mission: .*\n$/)
  const told = JSON.parse(json.stdout)
  assert.deepEqual([told.change, told.written, `${told.line}\n`], ['added', true, printed.stdout])
  assert.equal(project.crontab(), printed.stdout)
})

test('links that outlive an update are preferred to what they lead to', async (t) => {
  const project = crontabProject(t)
  mkdirSync(project.path('node_modules/.bin'))
  symlinkSync(process.execPath, project.path('node_modules/.bin/node'))
  symlinkSync('../cron-mission/dist/bin/cron-mission.js', project.path('node_modules/.bin/cron-mission'))
  const current = project.path('current')
  symlinkSync('.', current)

  const { stdout } = await project.run('install', '--print', '--directory', current)

  const bin = `${current}/node_modules/.bin`
  assert.equal(
    stdout,
    `* * * * * cd '${current}' && PATH='${bin}':"$PATH" '${bin}/cron-mission' # cron-mission: ${current}\n`,
  )
})

test('where there is no crontab, systemd or the daemon is named', async (t) => {
  const project = crontabProject(t)
  const env = { PATH: '/nowhere' }

  const none = await runBin('cron-mission', ['install', '--yes'], { cwd: project.directory, env, t })
  const units = await project.run('install', '--systemd')

  assert.equal(none.code, 78)
  assert.match(none.stderr, /There is no program "crontab".*install --systemd.*cron-mission daemon/)
  assert.match(
    units.stdout,
    /^# \/etc\/systemd\/system\/cron-mission-\S+\.service\n.*KillMode=process.*OnCalendar=minutely/s,
  )
})

test('what crontab refuses is told in its own words', async (t) => {
  const project = crontabProject(t)
  writeFileSync(project.path('refuse'), '"-":0: command too long\nerrors in crontab file, can\'t install.\n')

  const { code, stderr } = await project.run('install', '--yes')

  assert.equal(code, 78)
  assert.match(
    stderr,
    /cannot be written: crontab says ""-":0: command too long errors in crontab file, can't install"/,
  )
})

test('a crontab that somebody else changes meanwhile is not written over', async (t) => {
  const project = crontabProject(t)
  project.setCrontab('@daily true\n')
  writeFileSync(project.path('meddle'), '@hourly date\n')

  const { code, stderr } = await project.run('install', '--yes')

  assert.equal(code, 75)
  assert.match(stderr, /changed by somebody else in the meantime.*try again/)
  assert.equal(project.crontab(), '@daily true\n@hourly date\n')
})

test('a database address on the command line does not go into a crontab', async (t) => {
  const project = crontabProject(t)

  const { code, stderr } = await project.run('install', '--yes', '--url', 'mysql://shop:secret@db/shop')

  assert.equal(code, 64)
  assert.match(stderr, /\.env/)
  assert.equal(project.crontab(), '')
})

const noRealCrontab = (!isRoot() || findProgram('crontab') === undefined) && 'needs root and the package cron'

test("the system's own crontab takes the line", { skip: noRealCrontab }, async (t) => {
  const project = makeProject(t, { schedule: SCHEDULE })
  const before = spawnSync('crontab', ['-l'])
  afterwards(t, () => {
    if (before.status === 0) spawnSync('crontab', ['-'], { input: before.stdout })
    else spawnSync('crontab', ['-r'])
    rmSync(project.path('schedule.ts'), { force: true })
  })
  const run = (...args: readonly string[]) => runBin('cron-mission', args, { cwd: project.directory, t })

  const installed = await run('install', '--yes')
  const [printed, written] = [await run('install', '--print'), spawnSync('crontab', ['-l'], { encoding: 'utf8' })]
  const removed = await run('uninstall', '--yes')

  assert.deepEqual([installed.code, installed.stderr, removed.code, removed.stderr], [0, '', 0, ''])
  assert.equal(written.stdout, `${before.stdout}${printed.stdout}`)
  assert.equal(spawnSync('crontab', ['-l'], { encoding: 'utf8' }).stdout, String(before.stdout))
})
