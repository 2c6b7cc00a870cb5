/** A node of a Galera cluster: whether it may write at all, and what reading from another node means. */
import { type Finding, note, problem } from '../../doctor/finding.ts'
import type { ServerFacts } from '../../queue/store/examine/server-facts.ts'
import { isOn } from './server.ts'

const CHECK = 'cluster'

export function isClustered({ global }: ServerFacts): boolean {
  return isOn(global, 'wsrep_on')
}

export function clusterFindings({ global, status }: ServerFacts): Finding[] {
  const node = global.get('wsrep_node_name') ?? 'this node'
  const part = status.get('wsrep_cluster_status') ?? ''
  if (part.toLowerCase() !== 'primary' || !isOn(status, 'wsrep_ready')) {
    const state = status.get('wsrep_local_state_comment') ?? 'not ready'
    return [
      problem(
        CHECK,
        `The node ${node} has lost the majority of its cluster or is not ready (${part}, ${state}), and answers no statement. Let QUEUE_URL name another node, or see to the network between them.`,
      ),
    ]
  }
  const findings: Finding[] = []
  const size = Number(status.get('wsrep_cluster_size') ?? 0)
  if (size === 2) {
    findings.push(note(CHECK, 'The cluster has two nodes: when one dies the other stops too. Add a third, or garbd.'))
  }
  if (size > 1 && global.get('wsrep_sync_wait') === '0') {
    const fix = 'SET GLOBAL wsrep_sync_wait = 1'
    findings.push(
      note(
        CHECK,
        `wsrep_sync_wait is 0, so a node may read what is a moment old: workers on different nodes may run two tasks of one key at once. Let all workers use one node, or run "${fix}" on each.`,
        fix,
      ),
    )
  }
  return findings
}
