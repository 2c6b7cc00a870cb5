/**
 * The time zone of the machine, and whether Node goes by the same one.
 *
 * What is stored is UTC, whatever the zone of a database session. The machine's own zone decides only where nothing else is
 * named: for jobs with `timezone: 'system'`, and when a day file changes.
 */
import { readlinkSync } from 'node:fs'
import { type Finding, note, problem } from '../../doctor/finding.ts'
import { isZone, zoneOffset } from '../../time/zone.ts'

export interface Zones {
  /** The variable TZ. */
  readonly variable: string | undefined
  /** What Node goes by. */
  readonly node: string
  /** What the machine is set to, as far as that is known. */
  readonly machine: string | undefined
}

const CHECK = 'zone'

/** @param now  UTC milliseconds */
export function zoneFindings({ variable, node, machine }: Zones, now: number): Finding[] {
  if (variable !== undefined && variable !== '' && !isZone(variable.replace(/^:/, ''))) {
    return [
      problem(
        CHECK,
        `TZ is "${variable}", which Node does not know: it goes by ${node}. Use a name such as Europe/Berlin.`,
      ),
    ]
  }
  if (variable || machine === undefined || !isZone(machine) || zoneOffset(machine, now) === zoneOffset(node, now))
    return []
  return [note(CHECK, `The machine is set to ${machine}, and Node goes by ${node}. Name the zone in the schedule.`)]
}

/** From the link that sets it; undefined where it is a copy, or not set. */
export function machineZone(link = '/etc/localtime'): string | undefined {
  try {
    return /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(readlinkSync(link))?.[1]
  } catch {
    return undefined
  }
}
