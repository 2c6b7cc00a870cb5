/** A program that holds a lease and says every few milliseconds whether it does: `a-lease.ts <url> <leaseMs>`. */
import { writeSync } from 'node:fs'
import { takeSeat } from '../../src/queue/store/seat.ts'
import { openDriver } from '../../src/queue/url.ts'
import { moment } from '../../src/time/moment.ts'
import { Lease } from '../../src/worker/lease.ts'

export const SELF = { host: 'web-1', bootId: 'boot', pid: 1, pidStart: 7 }
export const TERMS = {
  job: null,
  stateDirectory: '/srv/shop/.queue',
  retry: '1m',
  crash: 'retry',
  timeoutMs: null,
} as const

if (import.meta.filename === process.argv[1]) await main(process.argv[2] ?? '', Number(process.argv[3]))

async function main(url: string, leaseMs: number): Promise<void> {
  const db = await openDriver(url, '/')
  const since = moment()
  const seating = await takeSeat(db, { queue: 'mail', total: 1, shard: 0 }, SELF, TERMS, () => false)
  const lease = new Lease(db, [seating.kind === 'seated' ? seating.workerId : 0], since, leaseMs)
  lease.keep({
    graceMs: leaseMs / 6,
    onCutOff: (_, withinMs) => say(`cut off within ${withinMs}`),
    onRenewed: () => {},
    onBack: () => say('back'),
    onLost: () => say('lost'),
    onAsked: (how) => say(how),
  })
  setInterval(() => say(lease.isHeld ? 'held' : 'not held'), 5)
}

function say(what: string): void {
  writeSync(1, `${what}\n`)
}
