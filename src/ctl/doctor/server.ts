/**
 * The settings of a server: those that our own connections must have whatever the server's are, those that decide what a
 * producer's connection writes, and those that end or refuse connections.
 */

import { bytesText } from '../../amount.ts'
import { type Finding, note, problem } from '../../doctor/finding.ts'
import { MOST_BYTES } from '../../queue/store/add.ts'
import type { ServerFacts, Variables } from '../../queue/store/examine/server-facts.ts'

const CHECK = 'settings'
/** Between two beats of a worker nothing may be asked. */
const SHORTEST_WAIT_SECONDS = 30

export const SERVER_CHECKS = [sessionFindings, writingFindings, producerFindings, limitFindings, durabilityFindings]

export function serverFindings(facts: ServerFacts): Finding[] {
  return SERVER_CHECKS.flatMap((check) => check(facts))
}

/** Every connection of ours sets these when it is made. */
function sessionFindings({ session }: ServerFacts): Finding[] {
  const lost = [
    ...differs(session, 'the isolation level', 'READ-COMMITTED', 'transaction_isolation', 'tx_isolation'),
    ...differs(session, 'autocommit', 'ON', 'autocommit'),
    ...differs(session, 'the time zone', '+00:00', 'time_zone'),
    ...differs(session, 'sql_mode', 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', 'sql_mode'),
  ]
  if (lost.length === 0) return []
  return [
    problem(
      CHECK,
      `Our connections set what they need, and yet ${lost.join(', ')}: something between us and the server, a proxy perhaps, undoes it. Connect to the server itself.`,
    ),
  ]
}

function differs(session: Variables, what: string, wanted: string, ...names: readonly string[]): string[] {
  const is = names.map((name) => session.get(name)).find((value) => value !== undefined)
  const sorted = (text: string) => text.split(',').toSorted().join()
  return is === undefined || sorted(is) === sorted(wanted) ? [] : [`${what} is ${is}`]
}

const LOCKS = ['read_only', 'super_read_only', 'innodb_read_only']

export function takesNoWrites({ global }: ServerFacts): boolean {
  return LOCKS.some((name) => isOn(global, name))
}

function writingFindings({ global, copies }: ServerFacts): Finding[] {
  const locked = LOCKS.filter((name) => isOn(global, name))
  const primary = copies === undefined ? 'the server that takes writes' : `its primary, ${copies}`
  if (locked.length > 0) {
    const names = locked.join(' and ')
    return [
      problem(
        CHECK,
        `The server takes no writes (${names}), so nothing can be added, claimed or booked: let QUEUE_URL name ${primary}, or ${unlock(locked)}.`,
      ),
    ]
  }
  if (copies === undefined) return []
  return [
    note(
      CHECK,
      `The server copies ${copies} and takes writes: what is added and booked here is not known there. Let QUEUE_URL name ${primary}, unless each copies the other.`,
    ),
  ]
}

/** To end read_only ends super_read_only, too; the third is for good while the server runs. */
function unlock(locked: readonly string[]): string {
  return locked.includes('innodb_read_only')
    ? 'take innodb_read_only out of its configuration and start it again'
    : 'run "SET GLOBAL read_only = OFF"'
}

/** What a producer writes by a connection of its own, it writes by the server's settings. */
function producerFindings({ global }: ServerFacts): Finding[] {
  const findings: Finding[] = []
  const mode = global.get('sql_mode') ?? ''
  if (!/\b(?:STRICT_TRANS_TABLES|STRICT_ALL_TABLES|TRADITIONAL)\b/.test(mode)) {
    const fix = "SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES')"
    findings.push(
      note(
        CHECK,
        `The server's sql_mode is not strict, so a parameter or name that is too long is cut off without a word when a program inserts it by itself. Run "${fix}".`,
        fix,
      ),
    )
  }
  if (!isOn(global, 'autocommit')) {
    const fix = 'SET GLOBAL autocommit = ON'
    findings.push(
      note(
        CHECK,
        `The server's autocommit is off, so a task that a program inserts is there only when that program commits. Run "${fix}", or commit.`,
        fix,
      ),
    )
  }
  return findings
}

function limitFindings({ global }: ServerFacts): Finding[] {
  const findings: Finding[] = []
  const wait = number(global, 'wait_timeout')
  if (wait < SHORTEST_WAIT_SECONDS) {
    const fix = 'SET GLOBAL wait_timeout = 600'
    findings.push(
      problem(
        CHECK,
        `The server ends a connection that is idle for ${wait} s (wait_timeout), and a worker may be idle for longer. Run "${fix}".`,
        fix,
      ),
    )
  }
  const packet = number(global, 'max_allowed_packet')
  if (packet < MOST_BYTES) {
    const fix = 'SET GLOBAL max_allowed_packet = 16777216'
    findings.push(
      problem(
        CHECK,
        `The server takes statements of up to ${bytesText(packet)} (max_allowed_packet), and tasks are added by up to ${bytesText(MOST_BYTES)} at once. Run "${fix}".`,
        fix,
      ),
    )
  }
  return findings
}

function durabilityFindings({ global }: ServerFacts): Finding[] {
  const findings: Finding[] = []
  const flush = global.get('innodb_flush_log_at_trx_commit')
  if (flush !== undefined && flush !== '1') {
    const lost = 'loses some of what was added or booked in the last second, and what was booked then runs again'
    findings.push(durability('innodb_flush_log_at_trx_commit', flush, lost))
  }
  const sync = global.get('sync_binlog')
  if (isOn(global, 'log_bin') && sync !== undefined && sync !== '1') {
    findings.push(durability('sync_binlog', sync, 'leaves servers that copy this one without some of what is here'))
  }
  return findings
}

function durability(name: string, value: string, harm: string): Finding {
  const fix = `SET GLOBAL ${name} = 1`
  return note(CHECK, `${name} is ${value}: a power failure ${harm}. Run "${fix}", unless that is worth the speed.`, fix)
}

export function isOn(variables: Variables, name: string): boolean {
  return ['ON', '1', 'YES'].includes((variables.get(name) ?? '').toUpperCase())
}

/** What the server does not have is no limit. */
export function number(variables: Variables, name: string): number {
  const text = variables.get(name)
  return text === undefined ? Number.POSITIVE_INFINITY : Number(text)
}
