/**
 * What a server is busy with: connections, statements it has to remember, and transactions that keep it from clearing away what
 * was changed since. A queue changes rows all day, so that a transaction which nobody ends makes every claim slower.
 */

import { grouped } from '../../amount.ts'
import { type Finding, note, problem } from '../../doctor/finding.ts'
import type { ServerFacts } from '../../queue/store/examine/server-facts.ts'
import { formatDuration } from '../../time/duration.ts'
import { roughly } from '../../time/time-text.ts'
import { number } from './server.ts'

const TRANSACTIONS = 'transactions'
const CONNECTIONS = 'connections'
const LONG_MS = 600_000
const TOO_LONG_MS = 3_600_000
const MUCH_HISTORY = 1_000_000
/** Of what there may be at most. */
const MUCH = 0.8
const NEARLY_ALL = 0.95

export const LOAD_CHECKS = [transactionFindings, connectionFindings, statementFindings]

export function loadFindings(facts: ServerFacts): Finding[] {
  return LOAD_CHECKS.flatMap((check) => check(facts))
}

function transactionFindings({ oldestTransaction: oldest, historyLength = 0 }: ServerFacts): Finding[] {
  const changes = `${grouped(historyLength)} changes`
  if (oldest !== undefined && oldest.ageMs >= LONG_MS) {
    const whose = oldest.user === undefined ? '' : ` of ${oldest.user}${oldest.host ? `@${oldest.host}` : ''}`
    const fix = `KILL ${oldest.connection}`
    const sentence = `A transaction has been open for ${roughly(oldest.ageMs)} (connection ${oldest.connection}${whose}): nothing that was changed since can be cleared away, ${changes} by now, and every claim reads past that. Let it commit, or run "${fix}".`
    const isBad = oldest.ageMs >= TOO_LONG_MS || historyLength >= MUCH_HISTORY
    return [(isBad ? problem : note)(TRANSACTIONS, sentence, fix)]
  }
  if (historyLength < MUCH_HISTORY) return []
  return [
    note(
      TRANSACTIONS,
      `The server has ${changes} to clear away (history list length), and every claim reads past them. It gets there by itself unless that number grows: then look for a transaction that nobody ends.`,
    ),
  ]
}

function connectionFindings({ global, status }: ServerFacts): Finding[] {
  const most = number(global, 'max_connections')
  const used = Number(status.get('threads_connected') ?? 0)
  if (used < most * MUCH) return []
  const sentence = `${used} of ${most} connections to the server are in use, and each worker needs four. Raise max_connections, or find who keeps so many.`
  return [(used >= most * NEARLY_ALL ? problem : note)(CONNECTIONS, sentence)]
}

function statementFindings({ global, status }: ServerFacts): Finding[] {
  const most = number(global, 'max_prepared_stmt_count')
  const used = Number(status.get('prepared_stmt_count') ?? 0)
  if (used < most * MUCH) return []
  const fix = `SET GLOBAL max_prepared_stmt_count = ${most * 4}`
  const sentence = `The server keeps ${grouped(used)} of ${grouped(most)} prepared statements, and when it is full it refuses ours. Run "${fix}", and find who never closes theirs.`
  return [(used >= most * NEARLY_ALL ? problem : note)(CONNECTIONS, sentence, fix)]
}

export const SLOW_LOOK_MS = 200

/** How long the look for the next tasks took, the fastest of some. */
export function lookFindings(queue: string, tookMs: number): Finding[] {
  if (tookMs <= SLOW_LOOK_MS) return []
  return [
    note(
      TRANSACTIONS,
      `To find the next tasks of queue ${queue} took ${formatDuration(Math.round(tookMs))}, which every claim waits for: the disk is slow, or much that was changed cannot be cleared away yet. Look for a transaction that nobody ends.`,
    ),
  ]
}
