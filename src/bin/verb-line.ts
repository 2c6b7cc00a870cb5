/**
 * The command line of a command that has verbs: which one is asked for, with its flags, and running it.
 */
import type { Argv } from 'yargs'
import { Complaint, EXIT } from '../exit.ts'
import { nearestName } from '../nearest-name.ts'
import { minuteOf } from '../time/minute.ts'
import { commandLine, exitLines } from './command-line.ts'
import { readSettings, type Settings } from './settings.ts'
import { type DeclaredCommand, type Flags, nameOfVerb, type Verb, type VerbModule } from './verb.ts'

export interface CommandOfVerbs extends DeclaredCommand {
  readonly verbs: readonly Verb[]
  readonly unnamed?: Verb
}

/** yargs finds the verb and checks its flags; what is wrong afterwards is no matter of the command line. */
export async function runVerbs(command: CommandOfVerbs, args: string[]): Promise<number> {
  const minute = minuteOf(Date.now())
  const { verbs, unnamed, purpose, options } = command
  let asked: { readonly verb: Verb | undefined; readonly flags: Flags } | undefined
  const line = commandLine(command, args).options(options)
  if (unnamed === undefined) line.usage(`$0 <command>\n\n${purpose} "$0 <command> --help" has more on each.`)
  for (const verb of verbs) {
    declare(line, verb, (flags) => {
      asked = { verb, flags }
    })
  }
  const noVerb = (flags: Flags) => {
    asked = { verb: undefined, flags }
  }
  if (unnamed !== undefined) declare(line, unnamed, noVerb)
  else line.command('$0', false, (it) => it.strict(false), noVerb)
  const common = (await line.parseAsync()) as { directory?: string; url?: string }
  if (asked === undefined) return EXIT.ok // --help, --version
  const verb = asked.verb ?? withoutVerb(command, asked.flags)
  const { run } = await verb.load()
  return (run as (flags: Flags, settings: Settings, minute: number) => ReturnType<VerbModule['run']>)(
    asked.flags,
    readSettings({ directory: common.directory, url: common.url }),
    minute,
  )
}

function declare(line: Argv, verb: Verb, onAsked: (flags: Flags) => void): void {
  const { usage, words, describe } = verb
  line.command(words ? nameOfVerb(verb) : usage, describe, (one) => declareOne(one, verb), onAsked)
}

function declareOne(line: Argv, verb: Verb): Argv {
  const { usage, describe, more, options = {}, positionals = {}, examples = [], exits = [] } = verb
  const about = [describe + (/[.?!]$/.test(describe) ? '' : '.'), ...(more === undefined ? [] : [more])].join('\n\n')
  if (verb.words || more !== undefined) line.usage(`$0 ${usage}\n\n${about}`)
  for (const [name, positional] of Object.entries(positionals)) line.positional(name, positional)
  line.options(options)
  for (const [command, what] of examples) line.example(command, what)
  line.epilogue(exitLines(exits))
  // What stands where a verb should is refused by a sentence of ours; what is no flag may be a word.
  if (verb.words || usage === '$0') return line.strict(false).strictOptions()
  const name = nameOfVerb(verb)
  return line.demandCommand(
    0,
    0,
    '',
    usage === name ? `${name} takes flags only.` : (verb.surplus ?? 'One job at a time.'),
  )
}

function withoutVerb({ name, verbs, unnamed }: CommandOfVerbs, flags: Flags): Verb {
  const [word] = flags._ as (string | number)[]
  if (word === undefined && unnamed !== undefined) return unnamed
  const names = verbs.map(nameOfVerb)
  if (word === undefined)
    throw new Complaint(EXIT.usage, `Name a command: ${names.slice(0, -1).join(', ')} or ${names.at(-1)}.`)
  const nearest = nearestName(String(word), names)
  const otherwise = unnamed === undefined ? '' : '; without one it runs the tick'
  const instead =
    nearest === undefined ? `It has ${names.join(', ')}${otherwise}.` : `Did you mean ${nearest}? See "${name} --help".`
  throw new Complaint(EXIT.usage, `"${word}" is no command of ${name}. ${instead}`)
}
