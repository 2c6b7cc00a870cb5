/**
 * Faults that a person may have made, one by one, and what the doctor says of each; and a system that has none.
 */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import test from 'node:test'
import { ownIdentity } from '../../src/host/identity.ts'
import { DATABASES } from '../helpers/databases.ts'
import { runProgram } from '../helpers/processes.ts'
import { type DoctorProject, doctorProject, tickedOn } from './doctor-project.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MINUTE_MS = 60_000
/** Less than the doctor gives a crontab line. */
const PATIENCE_MS = 15_000

for (const database of DATABASES) {
  test(`a healthy system has no findings (${database.name})`, async (t) => {
    const project = await doctorProject(t, database)

    assert.deepEqual(await project.doctor(), { code: 0, problems: [], notes: [] })
  })

  test(`what the ticks of the hosts tell (${database.name})`, async (t) => {
    const project = await doctorProject(t, database)
    await tickedOn(project, 'web-2', 30_000, 'another')
    await tickedOn(project, 'web-3', 4 * 3_600_000)
    await tickedOn(project, 'web-4', 0, 'p', 3 * MINUTE_MS)

    const { code, problems, notes } = await project.doctor()

    assert.equal(code, 1)
    only(problems, /^clock: The clock of web-4 is at least [12]m.* ahead of the database's/)
    assert.match(notes.join('\n'), /ticks: The last tick on web-3 was 4h ago/)
    assert.match(notes.join('\n'), /schedule: The hosts run different schedules: .*web-2/)
    assert.equal(notes.length, 2)
  })
}

test('as text, a finding is a line, and the last line counts them', async (t) => {
  const project = await doctorProject(t)
  rmSync(project.crontab)
  await tickedOn(project, ownIdentity().host, 150_000)

  const { code, stdout } = await project.ask(['doctor'])

  assert.equal(code, 1)
  assert.match(stdout, /^problem {2}crontab: No line of a crontab .* Run "cron-mission install"\.\n1 problem\.\n$/)
})

interface Fault {
  readonly name: string
  readonly make: (project: DoctorProject) => unknown
  readonly env?: (project: DoctorProject) => Readonly<Record<string, string>>
  readonly problems?: readonly RegExp[]
  readonly notes?: readonly RegExp[]
}

const FAULTS: readonly Fault[] = [
  {
    name: 'two lines for one directory',
    make: ({ edit, crontab, directory }) =>
      edit(
        crontab,
        (text) =>
          `${text}* * * * * cd ${directory} && PATH=${dirname(process.execPath)}:$PATH node ${ROOT}/dist/bin/cron-mission.js\n`,
      ),
    notes: [/^crontab: The ticks of .* are started 2 times: the crontab of \w+, the crontab of/],
  },
  {
    name: 'a line that runs every five minutes',
    make: ({ edit, crontab }) => edit(crontab, (text) => text.replace('* * *', '*/5 * *')),
    problems: [/^crontab: The line in the crontab of \w+ runs at "\*\/5 \* \* \* \*".*write \* \* \* \* \*/],
  },
  {
    name: 'node is where the line does not look',
    make: ({ edit, crontab }) =>
      edit(crontab, (text) => text.replace(/PATH='[^']*':"\$PATH"/, 'PATH=/bin-without-node')),
    problems: [
      /^environment: The crontab line ends with exit code 127 .*node.*Node is not in its PATH: "cron-mission install"/,
    ],
  },
  {
    name: 'the command is gone',
    make: ({ edit, crontab }) =>
      edit(crontab, (text) => text.replace('dist/bin/cron-mission.js', 'gone/cron-mission.js')),
    problems: [/^crontab: .* calls .*gone\/cron-mission\.js, which is not there/, /exit code 127/],
  },
  {
    name: 'a bare % in the line',
    make: ({ edit, crontab }) => edit(crontab, (text) => text.replace('PATH=', 'X=50% PATH=')),
    problems: [/^crontab: A % ends the command/],
  },
  {
    name: 'the line changes to a directory that is gone',
    make: ({ edit, crontab }) => edit(crontab, (text) => text.replace(/cd '[^']*'/, "cd '/srv/gone'")),
    problems: [/^environment: .*\/srv\/gone/],
  },
  {
    name: 'the line changes to another project',
    make: ({ edit, crontab, path }) => {
      mkdirSync(path('other'))
      for (const file of ['schedule.ts', '.env']) copyFileSync(path(file), path('other', file))
      edit(crontab, (text) => text.replace(/cd '[^']*'/, `cd '${path('other')}'`))
    },
    problems: [/^environment: By the crontab of \w+ the ticks are those of .*other, not of/],
  },
  {
    name: 'the project was moved',
    make: ({ edit, crontab, directory }) => edit(crontab, (text) => text.replaceAll(directory, '/srv/gone')),
    notes: [/^crontab: No line .* but something does/, /^crontab: A line in .* is for \/srv\/gone, which is not there/],
  },
  {
    name: 'the database is named in the shell only',
    make: ({ path }) => rmSync(path('.env')),
    env: ({ url }) => ({ QUEUE_URL: url }),
    problems: [/^environment: .*QUEUE_URL is sqlite:queue\.db, and here sqlite:.*write QUEUE_URL into .*\/\.env/],
  },
  {
    name: 'the log directory is named in the shell only',
    make: () => {},
    env: ({ directory }) => ({ QUEUE_LOGS: join(directory, 'elsewhere') }),
    problems: [/^environment: .*QUEUE_LOGS is .*logs, and here .*elsewhere/],
  },
  {
    name: 'the shell has a time zone of its own',
    make: () => {},
    env: () => ({ TZ: 'Asia/Tokyo' }),
    notes: [/^zone: .*time zone is .*, and here Asia\/Tokyo/],
  },
  {
    name: 'the schedule does not load',
    make: ({ path }) => writeFileSync(path('schedule.ts'), 'export default {\n  jobs: {{\n}\n'),
    problems: [/^schedule: The schedule does not load: .*schedule\.ts/],
  },
  {
    name: 'an entry of the schedule is wrong',
    make: ({ edit, path }) => edit(path('schedule.ts'), (text) => text.replace("every('1m')", "every('never')")),
    problems: [/^schedule: Job "mail": .*never/],
  },
  {
    name: 'a day that not every month has',
    make: ({ edit, path }) =>
      edit(path('schedule.ts'), (text) =>
        text
          .replace("every('1m'), queue", "cron('0 3 31 * *'), queue")
          .replace('{ defineSchedule', '{ cron, defineSchedule'),
      ),
    notes: [/^schedule: Job "mail": day 31 skips 5 months/],
  },
  {
    name: 'a command is missing',
    make: ({ path }) => renameSync(path('bin/backup'), path('bin/old')),
    problems: [/^commands: Job "backup": the command .*bin\/backup is not there/],
  },
  {
    name: 'a command is not executable',
    make: ({ path }) => chmodSync(path('bin/backup'), 0o644),
    problems: [/^commands: Job "backup": the command .*chmod \+x/],
  },
  {
    name: 'a command is not in the PATH that cron gives',
    make: ({ edit, path }) =>
      edit(path('schedule.ts'), (text) => text.replace("'bin/backup'", "'no-such-program', '-v'")),
    problems: [/^commands: Job "backup": the command "no-such-program" is not in PATH \(.*\/usr\/bin:\/bin\)/],
  },
  {
    name: 'the log directory cannot be written',
    make: ({ path }) => writeFileSync(path('logs'), ''),
    problems: [/^disk: The log directory .*logs is of no use: .*logs is no directory/],
  },
  {
    name: 'the database is away',
    make: ({ path }) => writeFileSync(path('.env'), 'QUEUE_URL=mysql://shop:secret@127.0.0.1:1/shop\n'),
    problems: [/^database: The database at 127\.0\.0\.1:1 cannot be reached/],
  },
  {
    name: 'no tick has run for hours',
    make: (project) => tickedOn(project, ownIdentity().host, 3 * 3_600_000),
    problems: [/^ticks: The last tick on .* was 3h ago/],
  },
  {
    name: 'a shell that reads the line differently',
    make: ({ edit, crontab }) => edit(crontab, (text) => `SHELL=/bin/fish\n${text}`),
    notes: [/^crontab: The crontab has SHELL=\/bin\/fish/],
    problems: [/^environment: The crontab line could not be run/],
  },
]

for (const { name, make, env, problems = [], notes = [] } of FAULTS) {
  test(`a fault: ${name}`, async (t) => {
    const project = await doctorProject(t)
    await make(project)

    const askedAt = performance.now()
    const told = await project.doctor(env?.(project))

    assert.ok(performance.now() - askedAt < PATIENCE_MS, 'it waited for something that does not come')
    assert.equal(told.problems.length, problems.length, told.problems.join('\n'))
    assert.equal(told.notes.length, notes.length, told.notes.join('\n'))
    for (const [i, pattern] of problems.entries()) assert.match(told.problems[i] ?? '', pattern)
    for (const [i, pattern] of notes.entries()) assert.match(told.notes[i] ?? '', pattern)
    assert.equal(told.code, problems.length === 0 ? 0 : 1)
    if (project.url.startsWith('sqlite:') && existsSync(project.path('queue.db'))) assert.fail('it made a database')
  })
}

const OLD_NODE = '/usr/bin/node'
const hasOldNode = existsSync(OLD_NODE) && (await runProgram(OLD_NODE, ['-v'], { cwd: '/' })).stdout < 'v22'

test('a node that is too old is named', { skip: !hasOldNode && 'needs an old node in /usr/bin' }, async (t) => {
  const project = await doctorProject(t)
  project.edit(project.crontab, (text) => text.replace(/PATH='[^']*':"\$PATH" /, ''))

  const { problems } = await project.doctor()

  only(
    problems,
    /^environment: .* exit code 78 .*This is Node v?\d+\.\d+\.\d+ \(\/usr\/bin\/node\), and cron-mission needs/,
  )
})

function only(sentences: readonly string[], pattern: RegExp): void {
  assert.equal(sentences.length, 1, sentences.join('\n'))
  assert.match(sentences[0] ?? '', pattern)
}
