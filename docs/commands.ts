/**
 * `npm run docs`: writes docs/commands.md, the manual of the four commands, from the declarations that `--help` is made of.
 *
 * A test compares the file with them, so neither says what the other does not.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Options } from 'yargs'
import { COMMANDS } from '../src/bin/command/commands.ts'
import { type Declaration, type DeclaredCommand, nameOfVerb } from '../src/bin/verb.ts'

const FILE = join(import.meta.dirname, 'commands.md')

const HEAD = `# The commands

Four commands: [cron-mission](#cron-mission) runs the schedule, [do-queue](#do-queue) works a queue, [add-task](#add-task) adds
to it, [queuectl](#queuectl) looks after it. \`--help\` of each, and of each verb, says the same as this page, which is made by
\`npm run docs\`.

## What holds for all of them

**Values.** \`--flag value\` and \`--flag=value\` are the same; of a flag that is given twice the last counts. A *duration* is a number
with \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`, also several: \`1h30m\`. A *time* is \`2026-11-20\`, \`"2026-11-20 18:04"\` or
\`2026-11-20T18:04:05Z\`; without an offset it is of the wall clock of the schedule's or the project's time zone. Where a time that is
over is asked for, a duration says how long ago.

**Settings.** A flag, else the variable, else the same variable in the project's \`.env\`, else the default: the
[README](../README.md#settings) lists them.

**Output.** On a terminal tables are as wide as the window, and coloured unless \`NO_COLOR\` is set. In a pipe they are whole, with tabs
between the columns, and without colours. \`--json\` prints one object, or for a list one a line; times are ISO 8601 in UTC. Progress
bars are on standard error, and only on a terminal.

**Exit status.** 0 when it has worked, also where there was nothing to do. 1 when what the command tells is bad. 64 for a wrong
command line, 65 for wrong data, 69 when the database cannot be reached, 70 for a fault of ours, 75 when it is busy or stopped and may
be tried again, 78 for a wrong setting or schedule. [errors.md](errors.md) has every sentence. Below stands what a verb adds to that.
`

/** The whole page. */
export function manual(): string {
  return `${[HEAD, ...COMMANDS.map(commandPage)].join('\n').trimEnd()}\n`
}

function commandPage(command: DeclaredCommand): string {
  const { name, purpose, verbs, unnamed, options } = command
  const index = verbs.map((verb) => {
    const verbName = nameOfVerb(verb)
    return `| [${verbName}](#${name}-${verbName}) | ${cell(verb.describe)} |`
  })
  return blocks(
    `## ${name}`,
    purpose,
    verbs.length === 0 ? '' : ['| verb | |', '|---|---|', ...index].join('\n'),
    optionTable(options, verbs.length === 0 ? 'Options' : 'Options of every verb'),
    unnamed === undefined ? '' : unnamedPage(command, unnamed),
    ...verbs.map((verb) => verbPage(name, verb)),
  )
}

/** What it does without a verb; of a command that has none, all there is. */
function unnamedPage({ name, verbs }: DeclaredCommand, unnamed: Declaration): string {
  const title = verbs.length === 0 ? '' : `### ${name} without a verb`
  return blocks(title, page(name, unnamed, verbs.length === 0 ? undefined : unnamed.describe))
}

function verbPage(command: string, verb: Declaration): string {
  return blocks(`### ${command} ${nameOfVerb(verb)}`, page(command, verb, verb.describe))
}

function page(command: string, declaration: Declaration, describe: string | undefined): string {
  const { more, options = {}, positionals = {}, examples = [], exits = [] } = declaration
  return blocks(
    describe === undefined ? '' : sentence(describe),
    code([synopsis(command, declaration)]),
    more ?? '',
    wordTable(positionals),
    optionTable(options, 'Options'),
    examples.length === 0 ? '' : `**Examples**\n\n${code(exampleLines(command, examples))}`,
    exits.length === 0 ? '' : `**Exit status**\n\n${exits.map(([exit, what]) => `- ${exit}: ${what}`).join('\n')}`,
  )
}

function synopsis(command: string, { usage, options = {} }: Declaration): string {
  const line = usage.startsWith('$0') ? usage.replace('$0', command) : `${command} ${usage}`
  return Object.keys(options).length === 0 ? line : `${line} [options]`
}

function wordTable(positionals: NonNullable<Declaration['positionals']>): string {
  const rows = Object.entries(positionals).map(([name, { describe }]) => row(`*${name}*`, describe))
  return rows.length === 0 ? '' : table('word', rows)
}

function optionTable(options: Readonly<Record<string, Options>>, title: string): string {
  const rows = Object.entries(options).map(([name, option]) => row(flagText(name, option), option.describe ?? ''))
  return rows.length === 0 ? '' : `**${title}**\n\n${table('option', rows)}`
}

function flagText(name: string, { type, alias }: Options): string {
  const names = [...[alias ?? []].flat().map((one) => `-${one}`), `--${name}`]
  return `\`${names.join(', ')}${type === 'boolean' ? '' : ' …'}\``
}

/** What is said of it, and the default in a column of its own. */
function row(name: string, describe: string): string {
  const [, text = describe, initial = ''] = /^(.*?) \[default: (.*)\]$/.exec(describe) ?? []
  return `| ${name} | ${cell(text)} | ${cell(initial)} |`
}

function table(title: string, rows: readonly string[]): string {
  return [`| ${title} | | default |`, '|---|---|---|', ...rows].join('\n')
}

function exampleLines(command: string, examples: NonNullable<Declaration['examples']>): string[] {
  const lines = examples.map(([line, what]) => [line.replaceAll('$0', command), what] as const)
  const width = Math.max(...lines.map(([line]) => line.length))
  return lines.map(([line, what]) => `${line.padEnd(width)}  # ${what}`)
}

function code(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n')
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

function blocks(...parts: readonly string[]): string {
  return `${parts
    .map((part) => part.trimEnd())
    .filter((part) => part !== '')
    .join('\n\n')}\n`
}

if (import.meta.main) writeFileSync(FILE, manual())
