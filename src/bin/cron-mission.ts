#!/usr/bin/env node
import { type PlainFlags, plainFlags } from './plain-flags.ts'
import { start } from './start.ts'

const TEXT = { type: 'string' } as const
const TICK_FLAGS = { directory: TEXT, url: TEXT, schedule: TEXT, at: TEXT, wait: { type: 'boolean' } } as const

let flags: PlainFlags<typeof TICK_FLAGS> | undefined

void start('cron-mission', wholeCommand, async () => {
  // What the doctor wants to know is no tick.
  flags = process.env.CRON_MISSION_PROBE === undefined ? plainFlags(process.argv.slice(2), TICK_FLAGS) : undefined
  if (flags === undefined || flags.at !== undefined) return undefined
  const { passQuietMinute } = await import('./command/cron-mission/quiet-minute.ts')
  return passQuietMinute(flags)
})

async function wholeCommand() {
  if (flags === undefined) return import('./command/cron-mission/cron-mission.ts')
  const plain = flags
  const { runPlainTick } = await import('./command/cron-mission/tick.ts')
  return { main: () => runPlainTick(plain) }
}
