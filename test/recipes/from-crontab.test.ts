/**
 * docs/recipes/from-crontab.md: a schedule that was made of a crontab does what cron did with it: at the same minutes, with the same
 * words, environment, directory and input. cron here is the real one.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'
import { makeProject, type Project, runBin, runProgram, waitFor } from '../helpers/processes.ts'
import { isRoot } from '../helpers/server-program.ts'
import { oracleDue, wallClock } from '../schedule/calendar/oracle.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const CRONTABS = join(ROOT, 'test/fixtures/crontabs')
const ZONE = 'Europe/Berlin'
const FROM = Date.UTC(2026, 2, 1)
const DAYS = 300
const MOST = 200
const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
}

for (const files of [['shop'], ['etc-crontab', 'cron.d-php']]) {
  test(`the schedule of ${files.join(' and ')} compiles, is right, and is due when cron was`, async (t) => {
    const paths = files.map((name) => join(CRONTABS, name))
    const project = makeProject(t, {})

    const { stdout } = await mission(t, project, ['import', ...paths])
    writeFileSync(project.path('schedule.ts'), stdout)
    await compiles(t, project)
    const checked = await mission(t, project, ['check', '--json'])
    const { jobs, problems } = JSON.parse(checked.stdout) as { jobs: string[]; problems: unknown[] }
    assert.deepEqual(problems, [])

    const lines = paths.flatMap(timesOf)
    assert.equal(jobs.length, lines.length)
    const clock = wallClock(ZONE, FROM - 180 * 60_000, FROM + DAYS * 86_400_000)
    for (const [i, job] of jobs.entries()) {
      const found = await next(t, project, job)
      const [first = 0] = found
      // Of a random time any will do, as long as it stays.
      const fields = (lines[i] ?? '').replace(/^\d*~\d*/, String(new Date(first).getUTCMinutes()))
      const expected = oracleDue(fields, clock)
        .map((at) => clock.from + at * 60_000)
        .slice(0, MOST)
      assert.deepEqual(found.slice(0, expected.length), expected, `${job}: ${lines[i]}`)
      assert.ok(expected.length > 0 || fields === NICKNAMES['@yearly'], `${job} is never due in the span`)
    }
  })
}

/** Everything a line can be to cron, each leaving a file that tells. */
const LINES = [
  'MAILTO=""',
  'SHELL=/bin/bash',
  'GREETING="two  words"',
  "RAW = $HOME/x:'y'",
  "* * * * * printf '[\\%s]' \"$GREETING\" 'a\\\\b' '\\\\\\%c' > words",
  '* * * * * cat > input%line 1\\%%line 2\\\\%%the end',
  '* * * * * cat > none%',
  '* * * * * cat - /dev/null > nothing',
  '* * * * * echo "$RAW $SHELL `type -t pushd`" > environment; pwd | sed s,.*/,, >> environment',
  '* * * * * /usr/bin/touch plain "two words" \'it is\'',
  '* * * * * echo "$LANG" > language',
  'LANG=C.UTF-8',
  '* * * * * false || echo "it\'s $((1+1)) `echo ticks` ~" > "quoted name" # and a comment',
  '* * * * * echo "$LANG" \t> language2 \t',
  'SHELL=/bin/sh',
  '* * * * * { echo "$0 $BASH_VERSION"; exit 3; } > shell',
]

test('the lines leave the same files behind, run by cron and run by us', { timeout: 300_000 }, async (t) => {
  if (!isRoot()) return t.skip('cron is started as root only')
  const byCron = join(temporaryDirectory(t), 'home')
  const byUs = join(temporaryDirectory(t), 'home')
  for (const home of [byCron, byUs]) mkdirSync(home)

  const project = makeProject(t, {})
  const ours = `HOME=${byUs}\n${LINES.join('\n')}\n`
  const { code, stdout, stderr } = await mission(t, project, ['import', '-'], ours)
  assert.deepEqual([code, stderr], [0, ''])
  writeFileSync(project.path('schedule.ts'), stdout)
  const { jobs } = JSON.parse((await mission(t, project, ['check', '--json'])).stdout) as { jobs: string[] }
  const expected = LINES.filter((line) => line.startsWith('*')).length
  assert.equal(jobs.length, expected)

  startCron(t, `HOME=${byCron}\n${LINES.join('\n')}\n`)
  for (const job of jobs) await mission(t, project, ['run', job, '--wait'])
  const left = contentOf(byUs)
  await waitFor(() => Object.keys(contentOf(byCron)).length >= Object.keys(left).length, {
    what: 'cron to have run all lines',
    timeoutMs: 150_000,
  })

  assert.ok(Object.keys(left).length > expected)
  await waitFor(() => JSON.stringify(contentOf(byCron)) === JSON.stringify(left), {
    what: 'cron to have written all of it',
    timeoutMs: 10_000,
  }).catch(() => assert.deepEqual(left, contentOf(byCron)))
})

function mission(t: TestContext, project: Project, args: readonly string[], stdin = '') {
  return runBin('cron-mission', args, { cwd: project.directory, stdin, t })
}

async function next(t: TestContext, project: Project, job: string): Promise<number[]> {
  const from = new Date(FROM).toISOString()
  const args = ['next', job, '--json', '--count', String(MOST), '--timezone', ZONE, '--from', from]
  const { stdout } = await mission(t, project, args)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Date.parse((JSON.parse(line) as { slot: string }).slot))
}

/** The five fields of each line that is a job, read by this test itself; but for those that cannot be one. */
function timesOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /^[\d*@]/.test(line) && !/@reboot|^45 23 L|22-2|cron-mission/.test(line))
    .map((line) => line.split(/\s+/))
    .map(([first = '', ...rest]) => NICKNAMES[first] ?? [first, ...rest.slice(0, 4)].join(' '))
}

/** With the types that the package brings, and the strictest rules. */
async function compiles(t: TestContext, project: Project): Promise<void> {
  mkdirSync(project.path('node_modules'), { recursive: true })
  symlinkSync(ROOT, project.path('node_modules/cron-mission'))
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2024',
    types: [],
    skipLibCheck: true,
  }
  writeFileSync(project.path('tsconfig.json'), JSON.stringify({ compilerOptions, files: ['schedule.ts'] }))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { code, stdout } = await runProgram(process.execPath, [tsc, '-p', '.'], { cwd: project.directory, t })
  assert.deepEqual([code, stdout], [0, ''])
}

/** A cron of this test's own: it reads no crontab but this one, and the machine's own goes on beside it. */
function startCron(t: TestContext, crontab: string): void {
  const directory = temporaryDirectory(t)
  for (const name of ['spool', 'nothing', 'run']) mkdirSync(join(directory, name))
  writeFileSync(join(directory, 'crontab'), crontab)
  const script = `set -e
    cd "$1"
    mount --bind spool /var/spool/cron/crontabs
    mount --bind nothing /etc/cron.d
    mount --bind /dev/null /etc/crontab
    mount --bind run /run
    crontab crontab
    exec /usr/sbin/cron -f`
  const cron = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', directory], { stdio: ['ignore', 'ignore', 'inherit'] })
  afterwards(t, () => void cron.kill())
}

function contentOf(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory)
      .toSorted()
      .map((name) => [name, readFileSync(join(directory, name), 'latin1')]),
  )
}
