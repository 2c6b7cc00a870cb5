/**
 * `cron-mission`: the tick that crontab runs every minute, and what a person asks about the schedule.
 */
import type { Argv } from 'yargs'
import { Complaint, EXIT } from '../../../exit.ts'
import { nearestName } from '../../../schedule/language/nearest-name.ts'
import { minuteOf } from '../../../time/minute.ts'
import { commandLine } from '../../command-line.ts'
import { COMMON_FLAGS } from '../../flags.ts'
import { readSettings, type Settings } from '../../settings.ts'
import { type Flags, TEXT, type Verb, type VerbModule } from './verb.ts'
import { VERBS } from './verbs.ts'

const OPTIONS = {
  schedule: {
    ...TEXT,
    describe: 'Schedule file [default: schedule.ts, .mts, .js, .mjs, .cjs or .json of the project]',
  },
  json: { type: 'boolean', describe: 'Print as JSON' },
  ...COMMON_FLAGS,
} as const
const VERB_NAMES = VERBS.map(({ usage }) => usage.split(' ')[0] as string)
const TICK: Verb = {
  usage: '$0',
  describe: 'Run this minute of schedule.ts: what crontab calls',
  options: {
    at: { ...TEXT, describe: 'Run the tick of another minute: "2026-11-20 18:04", or how long ago: 2h' },
    'dry-run': { type: 'boolean', describe: 'Say what the tick would start, and start nothing' },
    wait: { type: 'boolean', describe: 'Stay until the workers have ended: for systemd timers and containers' },
  },
  examples: [
    ['$0 --dry-run', 'what this minute would start'],
    ['$0 install', 'puts the line into the crontab that runs it every minute'],
  ],
  load: async () =>
    process.env.CRON_MISSION_PROBE === undefined
      ? { run: (await import('./tick.ts')).runTick }
      : { run: (await import('./probe.ts')).writeProbe }, // the doctor asks what a tick would see
}

export async function main(args: string[]): Promise<number> {
  const minute = minuteOf(Date.now())
  let asked: { readonly verb: Verb; readonly flags: Flags } | undefined
  const line = commandLine('cron-mission', args, VERB_NAMES).options(OPTIONS)
  for (const verb of [TICK, ...VERBS]) {
    line.command(
      verb.usage,
      verb.describe,
      (one) => declare(one, verb),
      (flags) => {
        const [word] = flags._ as string[]
        if (verb === TICK && word !== undefined) throw unknownVerb(word)
        asked = { verb, flags }
      },
    )
  }
  const { directory, url } = (await line.parseAsync()) as { directory?: string; url?: string }
  const { verb, flags } = asked ?? { verb: TICK, flags: {} }
  const { run } = await verb.load()
  return (run as (flags: Flags, settings: Settings, minute: number) => ReturnType<VerbModule['run']>)(
    flags,
    readSettings({ directory, url }),
    minute,
  )
}

function declare(line: Argv, verb: Verb): Argv {
  const { usage, options = {}, positionals = {}, examples = [] } = verb
  for (const [name, positional] of Object.entries(positionals)) line.positional(name, positional)
  line.options(options)
  for (const [command, what] of examples) line.example(command, what)
  // What stands where a command should is refused by a name of its own.
  if (verb === TICK) return line.strict(false).strictOptions()
  const [name] = usage.split(' ')
  return line.demandCommand(
    0,
    0,
    '',
    usage === name ? `${name} takes flags only.` : (verb.surplus ?? 'One job at a time.'),
  )
}

function unknownVerb(word: string): Complaint {
  const nearest = nearestName(word, VERB_NAMES)
  return new Complaint(
    EXIT.usage,
    `"${word}" is no command of cron-mission. ${nearest === undefined ? `It has ${VERB_NAMES.join(', ')}; without one it runs the tick.` : `Did you mean ${nearest}?`}`,
  )
}
