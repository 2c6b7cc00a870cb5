/** One worker of `npm run bench -- claim`: a process of its own, as a worker is, that does as it is told and times each claim. */
import { type Seat, WAYS, type WayName } from './claim-ways.ts'

/** What it is told: claim and finish, for so many rows at least, but begin no other claim after that time. */
export interface Order {
  readonly rows: number
  readonly withinMs: number
}

export interface Turn {
  /** How long each claim took. */
  readonly claimMs: readonly number[]
  readonly rows: number
  /** On the clock of the day, for those of several processes to be laid side by side. */
  readonly from: number
  readonly to: number
}

const [way = 'ours', seat = '{}'] = process.argv.slice(2)
const hands = await WAYS[way as WayName](JSON.parse(seat) as Seat)
process.on('message', (order: Order) => {
  turn(order).then(
    (done) => process.send?.(done),
    (error) => process.send?.({ problem: String(error) }),
  )
})
process.on('disconnect', () => void hands.close())
process.send?.('ready')

async function turn({ rows: wanted, withinMs }: Order): Promise<Turn> {
  const claimMs: number[] = []
  const from = performance.timeOrigin + performance.now()
  let rows = 0
  while (rows < wanted && performance.timeOrigin + performance.now() < from + withinMs) {
    const begunAt = performance.now()
    const claimed = await hands.claim()
    claimMs.push(performance.now() - begunAt)
    if (claimed === 0) throw new Error('A claim found nothing, although there is something.')
    await hands.finish()
    rows += claimed
  }
  return { claimMs, rows, from, to: performance.timeOrigin + performance.now() }
}
