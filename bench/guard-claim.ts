/**
 * The part of the bench `guard` that claims: of a hundred thousand ready rows against a thousand, in SQLite. Does a claim read what it
 * takes, or what there is? The bench `claim` asks the same of MariaDB, and of very many rows.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { grouped } from '../src/amount.ts'
import type { Driver } from '../src/queue/driver.ts'
import { migrate } from '../src/queue/migrate.ts'
import { openDriver } from '../src/queue/url.ts'
import { makeDirectory } from '../test/helpers/cleanup.ts'
import { type Hands, WAYS } from './claim-ways.ts'
import { type Comparison, comparisonText } from './comparison.ts'
import { readOptions, whole } from './options.ts'
import type { Found } from './report.ts'

interface Table {
  readonly ready: number
  readonly hands: Hands
  /** Milliseconds of one claim and what finishes it, one figure a round. */
  readonly samples: number[]
}

const SIZES = [1_000, 100_000]
const BATCH = 5
const CLAIMS_PER_ROUND = 20
const ROWS_AT_ONCE = 1_000

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<{ rounds: number }>(args, { rounds: whole(7) })
  const directory = makeDirectory()
  const tables: Table[] = []
  try {
    for (const ready of SIZES) tables.push(await tableOf(ready, `sqlite:${join(directory, `${ready}.db`)}`))
    for (let round = 0; round <= options.rounds; round++) {
      for (const { hands, samples } of tables) {
        const ms = await claimOften(hands)
        if (round > 0) samples.push(ms)
      }
    }
    const comparison = comparisonOf(tables)
    process.stdout.write(comparisonText(comparison))
    return { options, comparisons: [comparison] }
  } finally {
    for (const { hands } of tables) await hands.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function tableOf(ready: number, url: string): Promise<Table> {
  const db = await openDriver(url, '/')
  try {
    await migrate(db)
    await fill(db, ready)
  } finally {
    await db.close()
  }
  return { ready, hands: await WAYS.ours({ url, shard: 0, workers: 1, batch: BATCH }), samples: [] }
}

async function fill(db: Driver, ready: number): Promise<void> {
  for (let start = 0; start < ready; start += ROWS_AT_ONCE) {
    const values = Array.from({ length: ROWS_AT_ONCE }, (_, i) => `('nothing', 'n=${start + i}', ${i % 60})`)
    await db.run(`INSERT INTO queue (task, param, bucket) VALUES ${values.join(', ')}`)
  }
}

/** @returns milliseconds of one, on the average */
async function claimOften(hands: Hands): Promise<number> {
  const begunAt = performance.now()
  for (let claims = 0; claims < CLAIMS_PER_ROUND; claims++) {
    const claimed = await hands.claim()
    if (claimed !== BATCH) throw new Error(`A claim took ${claimed} of ${BATCH} rows.`)
    await hands.finish()
  }
  return (performance.now() - begunAt) / CLAIMS_PER_ROUND
}

function comparisonOf(tables: readonly Table[]): Comparison {
  const sides = tables.map(({ ready, samples }) => ({ name: `${grouped(ready)} ready`, ours: true, samples }))
  return {
    ...{ id: 'claim', title: `A claim of ${BATCH} and its finish, SQLite`, unit: 'ms', better: 'less', sides },
    rival: sides[0]?.name ?? '',
  }
}
