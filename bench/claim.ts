/**
 * What claiming and finishing costs as the table grows: ours at ten thousand, a million and ten million ready rows, beside the pull of
 * the old PHP loop and beside SKIP LOCKED written by hand.
 *
 * Workers are processes that run no programs, so that all there is to measure is the database. In every turn each claims its share and
 * finishes it, then the table is filled up again. A claim's 99th percentile is what counts: at the median nearly everything is fast.
 */
import { statfsSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { grouped } from '../src/amount.ts'
import { DEFAULT_BATCH } from '../src/bin/command/do-queue-flags.ts'
import { Complaint, EXIT } from '../src/exit.ts'
import type { Driver } from '../src/queue/driver.ts'
import { migrate } from '../src/queue/migrate.ts'
import { openDriver } from '../src/queue/url.ts'
import { startMariadb } from '../test/helpers/mariadb.ts'
import { createDatabase } from './bench-database.ts'
import { comparisonsOf, type State } from './claim-comparisons.ts'
import { addBeside, addReady, bytesFor, createByHand, rowsRead, settle, withIndexesLast } from './claim-rows.ts'
import { type Crew, hire, type Pace, type Team, type Work } from './claim-turns.ts'
import { WAYS } from './claim-ways.ts'
import { comparisonText } from './comparison.ts'
import { readOptions, whole, wholes } from './options.ts'
import type { Found } from './report.ts'

interface Options {
  readonly rounds: number
  /** Ready rows, ascending. */
  readonly rows: readonly number[]
  readonly finished: number
  readonly scheduled: number
  readonly workers: readonly number[]
  readonly batch: number
}

/** A small server has as much for its tables, and ten million rows have no room in it. */
const BUFFER_POOL_BYTES = 2 ** 30
const SERVER_OPTIONS = [
  '--innodb-autoinc-lock-mode=2',
  `--innodb-buffer-pool-size=${BUFFER_POOL_BYTES}`,
  '--innodb-log-file-size=512M',
  '--innodb-sort-buffer-size=16M', // for the indexes that are built when the rows are there
]
/** What else takes memory: the server, and two dozen Nodes. */
const MORE_MEMORY_BYTES = 2 ** 31
/** The two ways by hand are measured with as many workers only. */
const RIVAL_WORKERS = 4
const RIVALS = ['old', 'skip-locked'] as const
const TURNS = 8
const WITHIN_MS = 4_000
const MOST_ROWS_PER_TURN = 5_000

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, {
    rounds: whole(3),
    rows: wholes([10_000, 1_000_000, 10_000_000]),
    finished: whole(5_000_000),
    scheduled: whole(1_000_000),
    workers: wholes([1, 4, 10]),
    batch: whole(DEFAULT_BATCH),
  })
  requireRoom(options)
  const stayAwake = setInterval(() => {}, 1_000) // nothing else keeps this process until the server has ended
  const server = await startMariadb({ durable: true, extraArguments: SERVER_OPTIONS })
  try {
    await createDatabase(`${server.url}/mysql`)
    const url = `${server.url}/bench`
    const db = await openDriver(url, '/')
    await migrate(db)
    const states = await throughStates(db, url, options)
    await db.close()
    const comparisons = comparisonsOf(states, options.batch)
    process.stdout.write(comparisons.map(comparisonText).join(''))
    return { options: { ...options, bufferPoolBytes: BUFFER_POOL_BYTES }, comparisons }
  } finally {
    await server.stop()
    clearInterval(stayAwake)
  }
}

/** @throws Complaint */
function requireRoom({ rows, finished, scheduled }: Options): void {
  const gigabytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1)
  const disk = bytesFor(Math.max(...rows) + finished + scheduled) + BUFFER_POOL_BYTES
  const { bavail, bsize } = statfsSync(tmpdir())
  if (bavail * bsize < disk)
    throw new Complaint(
      EXIT.unavailable,
      `${tmpdir()} has ${gigabytes(bavail * bsize)} GB left, and these tables take ${gigabytes(disk)}. Use fewer --rows and --finished, or set TMPDIR.`,
    )
  const memory = BUFFER_POOL_BYTES + MORE_MEMORY_BYTES
  if (freemem() < memory)
    throw new Complaint(
      EXIT.unavailable,
      `There are ${gigabytes(freemem())} GB of memory free, and the server and its clients take ${gigabytes(memory)}. End something else.`,
    )
}

/** One table, which grows: first a few ready rows alone, then the same beside a history, then more and more of them. */
async function throughStates(db: Driver, url: string, options: Options): Promise<State[]> {
  const { rows, finished, scheduled } = options
  const sizes = rows.toSorted((a, b) => a - b)
  await createByHand(db)
  const states: State[] = []
  let ready = 0
  for (const [i, size] of [sizes[0] as number, ...sizes].entries()) {
    const begunAt = performance.now()
    const firstId = i === 0 ? finished + scheduled + 1 : undefined
    const more = size - ready
    await withIndexesLast(db, async () => {
      if (i === 1) await addBeside(db, { finished, scheduled })
      await Promise.all((['queue', 'by_hand'] as const).map((table) => addReady(db, table, more, firstId)))
    })
    ready = size
    await settle(db)
    const beside =
      i === 0 ? 'nothing beside' : `${grouped(finished)} finished and ${grouped(scheduled)} scheduled beside`
    const took = ((performance.now() - begunAt) / 1_000).toFixed(0)
    process.stdout.write(`\n${grouped(size)} ready, ${beside}: made in ${took} s\n`)
    states.push(await measureState(db, url, options, { ready: size, isBare: i === 0 }))
  }
  return states
}

async function measureState(
  db: Driver,
  url: string,
  { rounds, rows, workers, batch }: Options,
  { ready, isBare }: Pick<State, 'ready' | 'isBare'>,
): Promise<State> {
  const pace: Pace = {
    ...{ batch, turns: TURNS, withinMs: WITHIN_MS },
    rowsPerTurn: Math.min(MOST_ROWS_PER_TURN, Math.floor(Math.min(...rows) / 2)),
  }
  const rivals = isBare ? [] : RIVALS
  const crews: Crew[] = [
    ...workers.map((count): Crew => ({ way: 'ours', workers: count })),
    ...rivals.map((way): Crew => ({ way, workers: RIVAL_WORKERS })),
  ]
  const teams: Team[] = []
  try {
    for (const crew of crews) teams.push(await hire(db, url, crew, pace))
    const works = new Map(teams.map((team): [Team, Work[]] => [team, []]))
    for (let round = 0; round < rounds; round++) for (const [team, done] of works) done.push(await team.work())
    const reads = new Map<Crew['way'], number>()
    for (const way of isBare ? [] : (['ours', ...RIVALS] as const)) reads.set(way, await readsOf(db, url, way, batch))
    const done = [...works].map(([{ crew }, rounds]) => ({ crew, rounds }))
    return { ready, isBare, done, reads }
  } finally {
    for (const team of teams) await team.dismiss()
  }
}

/** Rows and entries of indexes that the server reads for a claim, when nobody else asks for anything. */
async function readsOf(db: Driver, url: string, way: Crew['way'], batch: number): Promise<number> {
  const hands = await WAYS[way]({ url, shard: 0, workers: RIVAL_WORKERS, batch })
  try {
    const before = await rowsRead(db)
    await hands.claim()
    const after = await rowsRead(db)
    await hands.finish()
    return after - before
  } finally {
    await hands.close()
  }
}
