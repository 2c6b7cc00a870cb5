/**
 * What holds for every verb of every command: `--json` prints JSON, `NO_COLOR` is obeyed, and a pipe gets no colours.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMANDS } from '../../src/bin/command/commands.ts'
import { nameOfVerb } from '../../src/bin/verb.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import type { BinName } from '../helpers/processes.ts'
import { openScreen, WITHOUT_TERMINAL } from '../helpers/screen.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]

/** In the order in which they are run; of each verb the words behind it. What changes something comes last. */
const WITH_JSON: Readonly<Record<BinName, Readonly<Record<string, string>>>> = {
  'cron-mission': {
    ...{ '': '--dry-run', check: '', list: '', next: 'report', why: 'report', simulate: '', status: '', doctor: '' },
    ...{ import: '-' },
    ...{ backfill: 'report --from 2h --dry-run', run: 'report', pause: 'report', resume: 'report', restart: '' },
    ...{ drain: '--no-wait', stop: '--no-wait', start: '' },
  },
  'do-queue': { '': '--limit 1' },
  'add-task': { '': 'exit 0' },
  queuectl: {
    ...{ why: '1', show: '1', list: '', stats: '', top: '--once', doctor: '', migrate: '', export: '' },
    ...{ purge: '--older-than 30d --dry-run', move: '--queue default --to other --dry-run', import: '--dry-run' },
    ...{ hold: '2', release: '2', cancel: '2', retry: '2', pause: 'mail', resume: 'mail', schema: '--for sqlite' },
  },
}

/** What it prints is for a person, or for another program, as it is. */
const WITHOUT_JSON = [
  ...['cron-mission install', 'cron-mission uninstall', 'cron-mission daemon'],
  ...['queuectl logs', 'queuectl metrics', 'queuectl completion'],
  'queuectl intake', // its own test, with a Redis, has it
  'queuectl adopt', // its own test, on MariaDB, has it
]

test('every verb with facts prints them as JSON, and nothing else', async (t) => {
  const project = await smallProject(t)

  for (const [command, verbs] of Object.entries(WITH_JSON)) {
    for (const [verb, words] of Object.entries(verbs)) {
      const args = [verb, ...words.split(' '), '--json'].filter((word) => word !== '')
      const { code, stdout, stderr } = await project.start(command as BinName, args, { stdin: LINE }).exited
      const isEmptyList = code === 0 && stdout === ''
      assert.ok(isEmptyList || stdout.endsWith('\n'), `${command} ${args.join(' ')} prints "${stdout}": ${stderr}`)
      for (const line of stdout.split('\n').filter((text) => text !== ''))
        assert.doesNotThrow(() => JSON.parse(line), `${command} ${args.join(' ')} prints ${line}`)
    }
  }
})

test('no verb is forgotten in that', () => {
  const asked = Object.entries(WITH_JSON).flatMap(([command, verbs]) =>
    Object.keys(verbs).map((verb) => `${command} ${verb}`.trim()),
  )
  const declared = COMMANDS.flatMap(({ name, verbs, unnamed }) => [
    ...verbs.map((verb) => `${name} ${nameOfVerb(verb)}`),
    ...(unnamed === undefined ? [] : [name]),
  ])

  assert.deepEqual([...asked, ...WITHOUT_JSON].toSorted(), declared.toSorted())
})

test('colours are for terminals, and NO_COLOR turns them off', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await smallProject(t)
  await project.run('queuectl', ['cancel', '2'])
  const screen = await openScreen(t, { directory: project.directory, columns: 100, rows: 40 })
  const shown = async (command: string) => {
    await screen.type('clear')
    await screen.untilPrompt()
    await screen.type(command)
    await screen.untilPrompt()
    return screen.text({ colours: true })
  }

  const lines = ['cron-mission list', 'cron-mission check', 'queuectl list', 'queuectl show 1', 'queuectl stats']
  const [plain, coloured] = [
    await shown(`export NO_COLOR=1; ${lines.join('; ')}`),
    await shown(`unset NO_COLOR; ${lines.join('; ')}`),
  ]

  assert.doesNotMatch(plain, COLOUR)
  assert.match(coloured, COLOUR)
})

/** Of letters or of what is behind them. */
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[(?:\\d+;)*(?:3[0-7]|9[0-7])m`)
const LINE = '{"task":"exit"}\n'

/** A job, a task that is done and one that waits. */
async function smallProject(t: Parameters<typeof queueProject>[0]): Promise<QueueProject> {
  const project = await queueProject(t, sqlite, {
    schedule: `import { cron, defineSchedule } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: {
  report: { when: cron('* * * * *'), exec: ['true'] },
  mail: { when: cron('0 3 1 1 *'), queue: 'mail', paused: 'for now' },
} })
`,
  })
  await project.insert({ task: 'exit' }, { task: 'exit', priority: 5 })
  await project.start('cron-mission', ['--wait']).exited
  await project.start('do-queue', ['--limit', '1']).exited
  return project
}
