/**
 * `cron-mission`: the tick that crontab runs every minute, and what a person asks about the schedule.
 */
import { Complaint, EXIT } from '../../../exit.ts'
import { nearestName } from '../../../schedule/language/nearest-name.ts'
import { COMMON_FLAGS, commandLine } from '../../flags.ts'
import { readSettings, type Settings } from '../../settings.ts'
import { check, list } from './list.ts'
import { resume, stop } from './stop.ts'
import { MINUTE_MS, runTick } from './tick.ts'

const VERBS = ['check', 'list', 'stop', 'resume'] as const

const TEXT = { type: 'string', requiresArg: true } as const
const JOB = { type: 'string', describe: 'Id of a job [default: all]' } as const
const OPTIONS = {
  schedule: { ...TEXT, describe: 'Schedule file [default: schedule.ts, .mts, .js, .mjs or .json of the project]' },
  json: { type: 'boolean', describe: 'Print as JSON' },
  ...COMMON_FLAGS,
} as const
const TICK_OPTIONS = {
  at: { ...TEXT, describe: 'Run the tick of another minute' },
  'dry-run': { type: 'boolean', describe: 'Say what the tick would start, and start nothing' },
  wait: { type: 'boolean', describe: 'Stay until the workers have ended: for systemd timers and containers' },
} as const
const RESUME_OPTIONS = {
  'all-hosts': { type: 'boolean', describe: 'On all hosts [default: on this one]' },
} as const
const STOP_OPTIONS = {
  ...RESUME_OPTIONS,
  timeout: { ...TEXT, describe: 'Wait at most so long; then say who still runs and exit 75 [default: 5m]' },
  wait: { type: 'boolean', describe: 'Wait; --no-wait only asks the workers to leave', default: true },
} as const

export async function main(args: string[]): Promise<number> {
  const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS
  let run!: (settings: Settings) => Promise<number>
  const { directory, url } = await commandLine('cron-mission', args)
    .options(OPTIONS)
    .command(
      '$0',
      'Run this minute of schedule.ts: what crontab calls',
      (line) =>
        line
          .options(TICK_OPTIONS)
          .example('* * * * * cd /srv/shop && cron-mission', 'in the crontab; see crontab.example')
          // What stands where a command should is refused below, by a name of its own.
          .strict(false)
          .strictOptions(),
      (flags) => {
        const [verb] = flags._
        if (verb !== undefined) throw unknownVerb(String(verb))
        run = (settings) => runTick(flags, settings, minute)
      },
    )
    .command(
      'check',
      'Read schedule.ts and say what is wrong with it',
      (line) => line.demandCommand(0, 0, '', 'check takes flags only.'),
      (flags) => {
        run = (settings) => check(flags, settings)
      },
    )
    .command(
      'list',
      'The jobs, and when each runs next',
      (line) => line.demandCommand(0, 0, '', 'list takes flags only.'),
      (flags) => {
        run = (settings) => list(flags, settings, minute)
      },
    )
    .command(
      'stop [job]',
      'Start nothing any more, and wait until the workers have left: for deploys and incidents',
      (line) =>
        line
          .positional('job', JOB)
          .options(STOP_OPTIONS)
          .example('$0 stop && deploy && $0 resume', 'what runs is finished, then it is deployed')
          .demandCommand(0, 0, '', 'One job at a time.'),
      (flags) => {
        run = (settings) => stop(flags, settings)
      },
    )
    .command(
      'resume [job]',
      'Let what was stopped be started again',
      (line) => line.positional('job', JOB).options(RESUME_OPTIONS).demandCommand(0, 0, '', 'One job at a time.'),
      (flags) => {
        run = (settings) => resume(flags, settings)
      },
    )
    .parseAsync()
  return run(readSettings({ directory, url }))
}

function unknownVerb(verb: string): Complaint {
  const nearest = nearestName(verb, VERBS)
  return new Complaint(
    EXIT.usage,
    `"${verb}" is no command of cron-mission. ${nearest === undefined ? `It has ${VERBS.join(', ')}; without one it runs the tick.` : `Did you mean ${nearest}?`}`,
  )
}
