/** Every peer that this machine can have, ours first; of the others it is said why not. */
import { Complaint, EXIT } from '../../src/exit.ts'
import { allOf, type Need, needCelery, needPackages, needPhp, needPostgres, needRedis } from './install.ts'
import { NODE_PEERS, openNodePeer } from './node-peers.ts'
import { openCelery, openOldLoop } from './other-peers.ts'
import { OURS, openOurs, openOursWatching } from './our-peer.ts'
import type { Peer, Place } from './peer.ts'
import type { Services } from './services.ts'

interface Candidate {
  readonly name: string
  readonly need: Need
  readonly open: (place: Place, services: Services) => Promise<Peer>
}

const OF_NODE: readonly Candidate[] = NODE_PEERS.map((one) => ({
  name: one.name,
  need: allOf(needPackages, one.service === 'postgres' ? needPostgres : needRedis),
  open: (place, services) => openNodePeer(one, place, services),
}))

const nothing: Need = async () => undefined

const CANDIDATES: readonly Candidate[] = [
  { name: OURS, need: nothing, open: openOurs },
  ...OF_NODE,
  { name: 'Celery', need: allOf(needRedis, needCelery), open: openCelery },
  { name: 'old PHP loop', need: needPhp, open: openOldLoop },
]

/** With workers that stay when there is nothing to do. An append-only file changes nothing for one that waits. */
const WATCHING: readonly Candidate[] = [
  ...(['MariaDB', 'SQLite'] as const).map((database) => ({
    name: OURS,
    need: nothing,
    open: (place: Place, services: Services) => openOursWatching(place, services, database),
  })),
  ...OF_NODE.filter(({ name }) => name !== 'BullMQ, append only'),
]

/** @param only  names with commas between them; ours is always there */
export function openAll(place: Place, services: Services, only: string | undefined): AsyncGenerator<Peer> {
  return openEach(wanted(CANDIDATES, only), place, services)
}

/** The same of workers that wait for tasks. */
export function openWatching(place: Place, services: Services, only: string | undefined): AsyncGenerator<Peer> {
  return openEach(wanted(WATCHING, only), place, services)
}

async function* openEach(candidates: readonly Candidate[], place: Place, services: Services): AsyncGenerator<Peer> {
  for (const { name, need, open } of candidates) {
    const why = await need()
    if (why === undefined) yield await open(place, services)
    else process.stdout.write(`Without ${name}: ${why}\n`)
  }
}

function wanted(candidates: readonly Candidate[], only: string | undefined): readonly Candidate[] {
  if (only === undefined) return candidates
  const names = [OURS, ...only.split(',')]
  const unknown = names.find((name) => !candidates.some((one) => one.name === name))
  const known = candidates.map(({ name }) => name).join(', ')
  if (unknown !== undefined) throw new Complaint(EXIT.usage, `--peers has ${unknown}. Use some of: ${known}.`)
  return candidates.filter(({ name }) => names.includes(name))
}
