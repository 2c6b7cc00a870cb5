/**
 * `queuectl completion`: what bash and zsh offer, asked of real shells.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { COMMANDS } from '../../src/bin/command/commands.ts'
import { namesWithCandidates } from '../../src/bin/completion/candidates.ts'
import { nameOfVerb } from '../../src/bin/verb.ts'
import { cleanEnvironment, makeProject, type Project, runBin } from '../helpers/processes.ts'
import { openScreen, WITHOUT_TERMINAL } from '../helpers/screen.ts'
import { findProgram } from '../helpers/server-program.ts'
import { assertRefusal } from './refusal.ts'

/** What is typed, and what bash offers; the last word is the one that is completed. */
const OFFERED: readonly (readonly [string, readonly string[]])[] = [
  ['queuectl st', ['stats']],
  ['queuectl re', ['release', 'resume', 'retry']],
  ['queuectl stats --q', ['--queue']],
  ['queuectl --url sqlite:x.db mi', ['migrate']],
  ['queuectl completion ', ['bash', 'zsh']],
  ['queuectl list --status f', ['failed']],
  ['queuectl list --status = f', ['failed']],
  ['queuectl list --status done,f', ['done,failed']],
  ['queuectl purge --status r', []],
  ['queuectl schema --for ', ['mysql', 'sqlite']],
  ['queuectl pause ', ['default', 'mail', 'slow']],
  ['queuectl pause --task s', ['send-msg', 'sync-order']],
  ['queuectl list --queue mail,s', ['mail,slow']],
  ['queuectl show ', []],
  ['queuectl why 17 --js', ['--json']],
  ['cron-mission why ', ['nightly', 'report']],
  ['cron-mission why report ', []],
  ['cron-mission run --slot 02:30 r', ['report']],
  ['cron-mission --directory elsewhere why ', []],
  ['cron-mission --directory=elsewhere why ', []],
  ['cron-mission --schedule s', ['schedule.ts']],
  ['cron-mission inst', ['install']],
  ['cron-mission backfill report --to ', []],
  ['do-queue --crash ', ['fail', 'hold', 'retry']],
  ['do-queue --log-format j', ['json']],
  ['do-queue -q m', ['mail']],
  ['do-queue --directory t', ['tasks']],
  ['do-queue --wat', ['--watch']],
  ['add-task sy', ['sync-order']],
  ['add-task send-msg ', []],
  ['add-task send-msg --keep', ['--keep-unique']],
]

const WITHOUT_ZSH =
  WITHOUT_TERMINAL || (findProgram('zsh') === undefined ? 'no zsh was found: "apt-get install zsh" installs it' : false)

test('bash offers verbs, flags, their values, and the names of the project', async (t) => {
  const project = await projectWithPlan(t)
  const lines = OFFERED.map(([line]) => line)

  const offered = execFileSync('bash', ['--norc', '-c', ASK_BASH, 'bash', ...lines], {
    cwd: project.directory,
    env: cleanEnvironment(),
    encoding: 'utf8',
  })

  const found = offered.split('\n').slice(0, lines.length)
  assert.deepEqual(
    lines.map((line, i) => [line, found[i]]),
    OFFERED.map(([line, words]) => [line, words.join(' ')]),
  )
})

test('bash offers every verb and every flag that is declared', async (t) => {
  const project = await projectWithPlan(t)
  const asked = COMMANDS.flatMap(({ name, verbs, unnamed, options }) => [
    ...(verbs.length === 0 ? [] : [{ line: `${name} `, words: verbs.map(nameOfVerb) }]),
    ...[...verbs, ...(unnamed === undefined ? [] : [unnamed])].map((verb) => ({
      line: `${[name, ...(verb === unnamed ? [] : [nameOfVerb(verb)])].join(' ')} --`,
      words: Object.keys({ ...verb.options, ...options }).map((flag) => `--${flag}`),
    })),
  ])

  const offered = execFileSync('bash', ['--norc', '-c', ASK_BASH, 'bash', ...asked.map(({ line }) => line)], {
    cwd: project.directory,
    env: cleanEnvironment(),
    encoding: 'utf8',
  }).split('\n')

  for (const [i, { line, words }] of asked.entries()) {
    const missing = words.filter((word) => !offered[i]?.split(' ').includes(word))
    assert.deepEqual(missing, [], line)
  }
})

test('a person completes in bash and zsh on a terminal', { skip: WITHOUT_ZSH }, async (t) => {
  const project = await projectWithPlan(t)
  const screen = await openScreen(t, { directory: project.directory, columns: 80, rows: 24 })
  for (const [start, sourcing] of [
    ['bash --norc', 'source c.bash'],
    ['zsh -f', 'autoload -U compinit && compinit -u -D && source c.zsh'],
  ] as const) {
    await screen.type(start)
    await screen.type(`PS1='> ' && ${sourcing} && clear`)
    await screen.until((text) => /^> ?$/m.test(text) && !text.includes('clear'), `${start} to be ready`)

    for (const [typed, whole] of [
      ['queuectl mig', 'queuectl migrate '],
      ['queuectl pause --task sync', 'queuectl pause --task sync-order '],
      ['cron-mission why nig', 'cron-mission why nightly '],
      ['add-task sy', 'add-task sync-order '],
      ['do-queue --crash h', 'do-queue --crash hold '],
      ['queuectl list --status fa', 'queuectl list --status failed'],
    ] as const) {
      await screen.press(...typed, 'Tab', '#')
      // Behind one of several values zsh is ready for the next one.
      const ends = [whole, `${whole} `, `${whole},`].map((text) => `> ${text}#`)
      await screen.until((text) => ends.some((end) => text.includes(end)), `${start} to complete ${typed}`)
      await screen.press('C-u')
    }
    await screen.type('exit')
    await screen.untilPrompt()
  }
})

test('the scripts are sound', {
  skip: findProgram('shellcheck') === undefined && 'no shellcheck was found',
}, async (t) => {
  const project = await projectWithPlan(t)

  const found = execFileSync('shellcheck', ['-s', 'bash', 'c.bash'], { cwd: project.directory, encoding: 'utf8' })

  assert.equal(found, '')
})

test('another shell is refused, and what completes values is declared', async (t) => {
  const project = makeProject(t)

  const fish = await runBin('queuectl', ['completion', 'fish'], { cwd: project.directory, t })

  assertRefusal('queuectl', fish, 64, /"fish" is no shell that is known here\. Use bash or zsh\./)
  const declared = COMMANDS.flatMap(({ name: command, verbs, unnamed, options }) =>
    [...verbs, ...(unnamed === undefined ? [] : [unnamed])].flatMap((verb) => {
      const names = Object.keys({ ...options, ...verb.options, ...verb.positionals })
      return [...names, ...names.map((name) => `${command} ${nameOfVerb(verb)} ${name}`)]
    }),
  )
  assert.deepEqual(
    namesWithCandidates().filter((name) => !declared.includes(name)),
    [],
  )
})

/** Prints, for each of its arguments, a line of what is offered for the last word of it. */
const ASK_BASH = `
source c.bash
for line in "$@"; do
  read -ra COMP_WORDS <<<"\${line//=/ = }"
  [[ $line == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _cron_mission "\${COMP_WORDS[0]}"
  echo $(printf '%s\\n' "\${COMPREPLY[@]}" | LC_ALL=C sort -u)
done
`

/** A project whose plan a tick has kept, and the scripts. */
async function projectWithPlan(t: Parameters<typeof makeProject>[0]): Promise<Project> {
  const project = makeProject(t, {
    tasks: { 'send-msg.php': '', 'sync-order.ts': '', backup: '' },
    schedule: `import { cron, defineSchedule } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: {
  nightly: { when: cron('0 3 1 1 *'), queue: 'mail' },
  report: { when: cron('0 3 1 1 *'), queue: 'slow', shards: 2 },
} })
`,
  })
  mkdirSync(project.path('elsewhere'))
  await runBin('cron-mission', [], { cwd: project.directory, t })
  for (const shell of ['bash', 'zsh']) {
    const { stdout } = await runBin('queuectl', ['completion', shell], { cwd: project.directory, t })
    writeFileSync(project.path(`c.${shell}`), stdout)
  }
  return project
}
