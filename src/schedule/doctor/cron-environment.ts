/**
 * What the replay of a crontab line tells: that it does not come to a tick, and why; or what is different there from here.
 */

import { type Finding, note, problem } from '../../doctor/finding.ts'
import { isSame } from '../crontab/own-call.ts'
import type { Probe, Replay } from './replay.ts'

const CHECK = 'environment'
const NOT_FOUND = 127
const NOT_EXECUTABLE = 126
/** 128 and SIGTRAP: what V8 does when it may not make memory executable. */
const V8_GAVE_UP = 133

/** @param here  the same, seen from the shell in which the doctor was called */
export function environmentFindings({ probe, code, signal, said }: Replay, here: Probe, place: string): Finding[] {
  if (probe === undefined && code === 0) {
    return [
      note(
        CHECK,
        `The line of ${place} calls an older cron-mission, or loses its environment on the way: what it does cannot be looked at.`,
      ),
    ]
  }
  if (probe === undefined)
    return [problem(CHECK, `${failure(code, signal)} in cron's environment: ${advice(code, signal, said)}`)]
  return [...probe.findings, ...differences(probe, here, place)]
}

function failure(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `The crontab line was ended by ${signal}`
  return code === null ? 'The crontab line could not be run' : `The crontab line ends with exit code ${code}`
}

function advice(code: number | null, signal: NodeJS.Signals | null, said: string): string {
  if (code === V8_GAVE_UP || signal === 'SIGTRAP') {
    return 'so dies Node at its start in a service with MemoryDenyWriteExecute=yes. Switch that off for cron.'
  }
  const quoted = said === '' ? 'it said nothing.' : `it said "${said.replace(/[."]+$/, '')}".`
  if (code === NOT_FOUND && /node/.test(said)) {
    return `${quoted} Node is not in its PATH: "cron-mission install" writes a line that names where it is.`
  }
  if (code === NOT_FOUND || code === NOT_EXECUTABLE) {
    return `${quoted} The command is not in its PATH, or not executable: "cron-mission install" writes a line with absolute paths.`
  }
  return `${quoted} Correct the line, or let "cron-mission install" write it.`
}

function differences(probe: Probe, here: Probe, place: string): Finding[] {
  if (!isSame(probe.directory, here.directory)) {
    const sentence = `By ${place} the ticks are those of ${probe.directory}, not of ${here.directory}. Correct its cd, or its --directory.`
    return [problem(CHECK, sentence)]
  }
  const findings: Finding[] = []
  if (probe.databaseTag !== here.databaseTag) {
    findings.push(
      problem(
        CHECK,
        `By ${place} QUEUE_URL is ${probe.settings.QUEUE_URL}, and here ${here.settings.QUEUE_URL}. ${intoDotEnv('QUEUE_URL', here)}`,
      ),
    )
  }
  for (const [name, value] of Object.entries(here.settings)) {
    const there = probe.settings[name]
    if (name === 'QUEUE_URL' || there === value) continue
    findings.push(problem(CHECK, `By ${place} ${name} is ${there}, and here ${value}. ${intoDotEnv(name, here)}`))
  }
  if (probe.script !== here.script) {
    findings.push(note(CHECK, `By ${place} it is ${probe.script} that is called, and here ${here.script}.`))
  }
  if (probe.zone !== here.zone) {
    findings.push(
      note(
        'zone',
        `By ${place} the time zone is ${probe.zone}, and here ${here.zone}. Name the zone in the schedule, and in QUEUE_TIMEZONE for the logs.`,
      ),
    )
  }
  return findings
}

function intoDotEnv(name: string, { directory }: Probe): string {
  return `Cron knows nothing of your shell: write ${name} into ${directory}/.env.`
}
