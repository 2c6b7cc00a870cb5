/**
 * `cron-mission`: the tick that crontab runs every minute, and what a person asks about the schedule.
 */
import type { Argv } from 'yargs'
import { Complaint, EXIT } from '../../../exit.ts'
import { nearestName } from '../../../schedule/language/nearest-name.ts'
import { commandLine } from '../../command-line.ts'
import { COMMON_FLAGS } from '../../flags.ts'
import { readSettings, type Settings } from '../../settings.ts'
import { type Flags, TEXT, type Verb, type VerbModule } from './verb.ts'
import { VERBS } from './verbs.ts'

const MINUTE_MS = 60_000

const OPTIONS = {
  schedule: {
    ...TEXT,
    describe: 'Schedule file [default: schedule.ts, .mts, .js, .mjs, .cjs or .json of the project]',
  },
  json: { type: 'boolean', describe: 'Print as JSON' },
  ...COMMON_FLAGS,
} as const
const TICK: Verb = {
  usage: '$0',
  describe: 'Run this minute of schedule.ts: what crontab calls',
  options: {
    at: { ...TEXT, describe: 'Run the tick of another minute' },
    'dry-run': { type: 'boolean', describe: 'Say what the tick would start, and start nothing' },
    wait: { type: 'boolean', describe: 'Stay until the workers have ended: for systemd timers and containers' },
  },
  examples: [['* * * * * cd /srv/shop && cron-mission', 'in the crontab; see crontab.example']],
  load: async () =>
    process.env.CRON_MISSION_PROBE === undefined
      ? { run: (await import('./tick.ts')).runTick }
      : { run: (await import('./probe.ts')).writeProbe }, // the doctor asks what a tick would see
}

export async function main(args: string[]): Promise<number> {
  const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS
  let asked: { readonly verb: Verb; readonly flags: Flags } | undefined
  const line = commandLine('cron-mission', args).options(OPTIONS)
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
  const names = VERBS.map(({ usage }) => usage.split(' ')[0] as string)
  const nearest = nearestName(word, names)
  return new Complaint(
    EXIT.usage,
    `"${word}" is no command of cron-mission. ${nearest === undefined ? `It has ${names.join(', ')}; without one it runs the tick.` : `Did you mean ${nearest}?`}`,
  )
}
