/**
 * `cron-mission`: the tick that crontab runs every minute, and what a person asks about the schedule.
 */
import { COMMON_FLAGS } from '../../flags.ts'
import { TEXT, type Verb } from '../../verb.ts'
import { type CommandOfVerbs, runVerbs } from '../../verb-line.ts'
import { VERBS } from './verbs.ts'

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

export const CRON_MISSION: CommandOfVerbs = {
  name: 'cron-mission',
  purpose: 'Starts the jobs of schedule.ts when they are due, and tells about them.',
  verbs: VERBS,
  unnamed: TICK,
  options: OPTIONS,
}

export function main(args: string[]): Promise<number> {
  return runVerbs(CRON_MISSION, args)
}
