/**
 * `npm run bench -- <name> [options]`: programs that measure, each beside a named peer that runs at the same time.
 *
 * Seconds of one machine say little on another, and little an hour later on the same one. So a bench runs ours and the
 * peer in turn, A B A B …, and what it is about is the ratio of each pair. It prints a table and leaves the figures
 * of every round in bench/results/.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint, EXIT } from '../src/exit.ts'

interface Bench {
  /** Prints as it goes. @returns what is kept as JSON */
  run(args: readonly string[]): Promise<object>
}

const BENCHES: Record<string, { readonly about: string; readonly load: () => Promise<Bench> }> = {
  spawn: {
    about: 'tasks per second of do-queue against xargs -P -n1 on the same tiny program',
    load: () => import('./spawn.ts'),
  },
  purge: {
    about: 'how long claims take while queuectl purge deletes, against without it',
    load: () => import('./purge.ts'),
  },
  tick: {
    about: 'CPU of a tick that finds nothing due against node -e 0',
    load: () => import('./tick.ts'),
  },
  operate: {
    about: 'what queuectl needs to answer over a million finished tasks, against queuectl --version',
    load: () => import('./operate.ts'),
  },
}

const RESULTS = join(import.meta.dirname, 'results')

try {
  await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`bench: ${sentence(error)}\n`)
  process.exitCode = error instanceof Complaint ? error.exitCode : EXIT.internal
}

async function main([name, ...args]: string[]): Promise<void> {
  if (name === undefined) return list()
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
  if (bench === undefined) {
    throw new Complaint(EXIT.usage, `There is no bench ${name}. Use one of: ${Object.keys(BENCHES).join(', ')}.`)
  }
  const { run } = await bench.load()
  const figures = await run(args)
  mkdirSync(RESULTS, { recursive: true })
  const file = join(RESULTS, `${name}.json`)
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`)
  process.stdout.write(`\nEvery round: ${file}\n`)
}

function list(): void {
  process.stdout.write('npm run bench -- <name> [options]\n\n')
  for (const [name, { about }] of Object.entries(BENCHES)) process.stdout.write(`  ${name.padEnd(10)} ${about}\n`)
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error instanceof Complaint ? error.message : (error.stack ?? error.message)
}
