/**
 * `npm run soak -- <minutes>`: a queue at work for a long time, while workers, runners, programs and the database are
 * killed at random; then an audit, which goes by what the programs themselves have written down.
 *
 *     npm run soak                                   ten minutes, on a MariaDB of its own
 *     npm run soak -- 60 --database sqlite
 *     npm run soak -- 2 --seed 4711                  the same choices again; what they meet is up to the machine
 *
 * Exits 1 when a task was lost, run twice without a reason, run out of order or is stuck, when anything is left, or when an
 * error came to light that should not have. What there is to be read of such a round is kept.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeDirectory } from './helpers/cleanup.ts'
import { keep } from './helpers/keeper.ts'
import { startMariadb } from './helpers/mariadb.ts'
import { findServer, INSTALL_COMMAND } from './helpers/server-program.ts'
import { clearPlace } from './soak/place.ts'
import { describeFindings, Report } from './soak/report.ts'
import { type Round, runRound } from './soak/round.ts'

interface Wanted {
  readonly minutes: number
  readonly seed: number
  readonly database: 'sqlite' | 'mariadb'
}

const LONGEST_ROUND_MS = 120_000
const USAGE = 64
const SKIPPED = 77

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => interruption.abort(name))

try {
  process.exitCode = await main()
} catch (error) {
  const { signal } = interruption
  console.error(`soak: ${signal.aborted ? `ended by ${signal.reason}` : (error as Error).stack}`)
  process.exitCode = 1
}

async function main(): Promise<number> {
  const wanted = readArguments(process.argv.slice(2))
  if (typeof wanted === 'string') {
    console.error(`soak: ${wanted}`)
    return USAGE
  }
  if (wanted.database === 'mariadb' && findServer() === undefined) {
    console.error(`soak: skipped. No mariadbd was found; ${INSTALL_COMMAND}`)
    return SKIPPED
  }
  const directory = makeDirectory()
  const keeper = keep(directory)
  const server = wanted.database === 'mariadb' ? await startMariadb() : undefined
  try {
    return await soak(wanted, directory, server)
  } finally {
    await server?.stop()
    await keeper.close()
  }
}

async function soak(
  { minutes, seed, database }: Wanted,
  directory: string,
  server: Awaited<ReturnType<typeof startMariadb>> | undefined,
): Promise<number> {
  console.log(`Soaking for ${minutes} minutes on ${database}, seed ${seed}.`)
  const report = new Report()
  let leftMs = minutes * 60_000
  for (let number = 1; leftMs > 0; number++) {
    const forMs = Math.min(leftMs, LONGEST_ROUND_MS)
    leftMs -= forMs
    const place = join(directory, `round-${number}`)
    const options = { directory: place, server, seed: seed + 10 * number, forMs, signal: interruption.signal }
    try {
      const round = await runRound(options)
      report.add(round)
      tell(number, round, place)
    } finally {
      clearPlace(place)
    }
  }
  console.log(`\n${report.text}`)
  return report.isClean ? 0 : 1
}

function tell(number: number, round: Round, place: string): void {
  const { findings } = round.verdict
  console.log(`Round ${number}: ${round.figures.runs} runs, ${round.deeds.length} deeds, ${findings.length} findings.`)
  if (findings.length > 0) console.log(`${describeFindings(findings)}  kept in ${keepEvidence(place, round)}`)
}

/** The project as it was, and all that the audit went by. */
function keepEvidence(place: string, { evidence, verdict }: Round): string {
  const kept = join(tmpdir(), `cron-mission-soak-${Date.now()}`)
  mkdirSync(kept)
  for (const name of ['logs', '.queue', 'signed']) cpSync(join(place, name), join(kept, name), { recursive: true })
  const { logged, signatures: _, ...rest } = evidence
  writeFileSync(join(kept, 'evidence.json'), JSON.stringify({ ...rest, logged: [...logged], ...verdict }, null, 1))
  return kept
}

/** @returns a sentence for arguments that make no sense */
function readArguments(args: string[]): Wanted | string {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    return (error as Error).message
  }
  const { values, positionals } = parsed
  const minutes = Number(positionals[0] ?? 10)
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
  const database = values.database ?? 'mariadb'
  if (!(minutes > 0)) return `"${positionals[0]}" is no number of minutes.`
  if (!Number.isSafeInteger(seed)) return `--seed is "${values.seed}". Use a whole number.`
  if (database !== 'sqlite' && database !== 'mariadb') return `--database is "${database}". Use sqlite or mariadb.`
  return { minutes, seed, database }
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: { seed: { type: 'string' }, database: { type: 'string' } },
  })
}
