/** What the doctor says of servers that a test cannot have: clusters, thousands of connections, years of history. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { clusterFindings, isClustered } from '../../../src/ctl/doctor/cluster.ts'
import { rehearsalFindings } from '../../../src/ctl/doctor/rehearsal.ts'
import { serverFindings } from '../../../src/ctl/doctor/server.ts'
import { loadFindings, lookFindings } from '../../../src/ctl/doctor/server-load.ts'
import type { Finding } from '../../../src/doctor/finding.ts'
import type { ServerFacts } from '../../../src/queue/store/examine/server-facts.ts'

const HOUR_MS = 3_600_000

const SESSION = {
  transaction_isolation: 'READ-COMMITTED',
  autocommit: 'ON',
  time_zone: '+00:00',
  sql_mode: 'NO_ENGINE_SUBSTITUTION,STRICT_TRANS_TABLES',
}
const GLOBAL = {
  autocommit: 'ON',
  sql_mode: 'STRICT_TRANS_TABLES',
  wait_timeout: '28800',
  max_allowed_packet: '16777216',
  max_connections: '100',
  max_prepared_stmt_count: '1000',
  innodb_flush_log_at_trx_commit: '1',
  read_only: 'OFF',
}
const CLUSTER = { wsrep_on: 'ON', wsrep_node_name: 'n1', wsrep_sync_wait: '1' }
const MEMBER = { wsrep_cluster_status: 'Primary', wsrep_ready: 'ON', wsrep_cluster_size: '3' }

interface Given extends Partial<Omit<ServerFacts, 'session' | 'global' | 'status'>> {
  readonly session?: Readonly<Record<string, string>>
  readonly global?: Readonly<Record<string, string>>
  readonly status?: Readonly<Record<string, string>>
}

function facts({ session, global, status, ...more }: Given = {}): ServerFacts {
  return {
    ...{ version: '10.11', copies: undefined, oldestTransaction: undefined, historyLength: 0 },
    ...{ user: 'shop@%', database: 'shop', refused: new Map() },
    session: new Map(Object.entries({ ...SESSION, ...session })),
    global: new Map(Object.entries({ ...GLOBAL, ...global })),
    status: new Map(Object.entries({ threads_connected: '10', prepared_stmt_count: '50', ...status })),
    ...more,
  }
}

function only(findings: readonly Finding[], level: Finding['level'], pattern: RegExp): void {
  assert.equal(findings.length, 1, findings.map(({ sentence }) => sentence).join('\n'))
  assert.equal(findings[0]?.level, level)
  assert.match(findings[0]?.sentence ?? '', pattern)
}

test('a server that is as it should be gives rise to nothing', () => {
  assert.deepEqual([...serverFindings(facts()), ...loadFindings(facts())], [])
  assert.equal(isClustered(facts()), false)
})

test('a proxy that undoes what our connections set', () => {
  const undone = facts({ session: { transaction_isolation: 'REPEATABLE-READ', sql_mode: 'ANSI_QUOTES' } })

  only(
    serverFindings(undone),
    'problem',
    /the isolation level is REPEATABLE-READ, sql_mode is ANSI_QUOTES: .*a proxy perhaps, undoes it\. Connect/,
  )
})

test('a replica that takes no writes names its primary', () => {
  const replica = facts({ copies: 'db-1', global: { read_only: 'ON', super_read_only: 'ON' } })

  only(
    serverFindings(replica),
    'problem',
    /no writes \(read_only and super_read_only\).* let QUEUE_URL name its primary, db-1, or/,
  )
})

test('a server that was started to be read alone', () => {
  only(
    serverFindings(facts({ global: { innodb_read_only: 'ON' } })),
    'problem',
    /the server that takes writes, or take innodb_read_only out of its configuration and start it again\.$/,
  )
})

test('a binary log that is not written through is noted where there is one', () => {
  only(
    serverFindings(facts({ global: { log_bin: 'ON', sync_binlog: '0' } })),
    'note',
    /^sync_binlog is 0: a power failure leaves servers that copy this one without some .* Run "SET GLOBAL sync_binlog = 1"/,
  )
  assert.deepEqual(serverFindings(facts({ global: { log_bin: 'OFF', sync_binlog: '0' } })), [])
})

test('a transaction is noted after ten minutes, a problem after an hour, or when much has gathered', () => {
  const open = (ageMs: number, historyLength = 0) =>
    loadFindings(facts({ historyLength, oldestTransaction: { connection: 17, user: 'shop', host: 'web-1', ageMs } }))

  assert.deepEqual(open(HOUR_MS / 6 - 1), [])
  only(open(HOUR_MS / 6), 'note', /open for 10m \(connection 17 of shop@web-1\): .* or run "KILL 17"\.$/)
  only(open(HOUR_MS), 'problem', /open for 1h/)
  only(open(HOUR_MS / 6, 2_000_000), 'problem', /2,000,000 changes by now/)
})

test('history without a transaction that keeps it', () => {
  only(
    loadFindings(facts({ historyLength: 1_500_000 })),
    'note',
    /1,500,000 changes to clear away \(history list length\)/,
  )
  assert.deepEqual(loadFindings(facts({ historyLength: undefined })), [])
})

test('connections and prepared statements that come to their end', () => {
  only(loadFindings(facts({ status: { threads_connected: '80' } })), 'note', /^80 of 100 connections .* Raise max_conn/)
  only(loadFindings(facts({ status: { threads_connected: '99' } })), 'problem', /^99 of 100 connections/)
  only(
    loadFindings(facts({ status: { prepared_stmt_count: '960' } })),
    'problem',
    /960 of 1,000 prepared statements, .* Run "SET GLOBAL max_prepared_stmt_count = 4000"/,
  )
})

test('a look that takes long', () => {
  assert.deepEqual(lookFindings('mail', 40), [])
  only(
    lookFindings('mail', 340),
    'note',
    /^To find the next tasks of queue mail took 340ms, .* transaction that nobody ends/,
  )
})

test('a node of a cluster', () => {
  const node = (status: Record<string, string>, global = {}) =>
    clusterFindings(facts({ global: { ...CLUSTER, ...global }, status: { ...MEMBER, ...status } }))

  assert.ok(isClustered(facts({ global: CLUSTER })))
  assert.deepEqual(node({}), [])
  only(
    node({ wsrep_cluster_status: 'non-Primary', wsrep_local_state_comment: 'Initialized' }),
    'problem',
    /^The node n1 has lost the majority .* \(non-Primary, Initialized\).* name another node/,
  )
  only(node({ wsrep_ready: 'OFF' }), 'problem', /is not ready/)
  only(node({ wsrep_cluster_size: '2' }), 'note', /two nodes: .* Add a third, or garbd\.$/)
  only(
    node({}, { wsrep_sync_wait: '0' }),
    'note',
    /two tasks of one key at once\. Let all workers use one node, or run/,
  )
})

test('a rehearsal that goes wrong', () => {
  const well = { claims: 1, lostUpdate: false, seesCommitted: true, zoneShiftMs: 0 }

  assert.deepEqual(rehearsalFindings(well), [])
  only(rehearsalFindings({ ...well, claims: 2 }), 'problem', /both came through, so tasks may run twice/)
  only(rehearsalFindings({ ...well, claims: 0 }), 'problem', /none came through, so tasks may never run/)
  only(rehearsalFindings({ ...well, lostUpdate: true }), 'problem', /a claim which was over changed the task/)
  only(rehearsalFindings({ ...well, seesCommitted: false }), 'problem', /does not see what others have committed/)
  only(
    rehearsalFindings({ ...well, zoneShiftMs: -5.5 * HOUR_MS }),
    'problem',
    /queue\.run_at is 5h30m off .* no TIMESTAMP/,
  )
})
