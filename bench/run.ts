/**
 * `npm run bench -- <name> [flags]`: programs that measure, each beside a named rival that runs at the same time.
 *
 * Seconds of one machine say little on another, and little an hour later on the same one. So a bench runs ours and the
 * rival in turn, A B A B …, and what it is about is the ratio of each pair. It prints tables and leaves the figures of every
 * round in bench/results/, of which `npm run figures` makes what the documentation shows.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint, EXIT } from '../src/exit.ts'
import { type Bench, report } from './report.ts'

/** Each is the file of its name. In the order of `all`: the short ones first, those that fill a disk last. */
const BENCHES: Readonly<Record<string, string>> = {
  tick: 'a cron-mission that finds nothing due, and one that starts ten shards, against bare Nodes',
  start: 'ten idle do-queues, and one with ten shards, against ten bare Nodes: CPU and memory',
  spawn: 'tiny programs run by do-queue, against xargs -P, posix_spawn in C, the old PHP loop, and a Node loop',
  real: 'programs of 20 to 50 ms in PHP, Node and Python, against xargs -P4',
  warm: 'programs that serve many tasks each, against the same ones started anew for each task',
  latency: 'from a task being added to its program being started, and what an idle worker costs, against other queues',
  add: 'adding tasks one by one and in bulk, against INSERT by hand and LOAD DATA',
  peers: 'the same programs from enqueued to finished, against other queues',
  memory: 'what a worker holds over many tasks and much output, against few',
  claim: 'claiming and finishing with ten million rows, against ten thousand and against statements written by hand',
  purge: 'how long claims take while queuectl purge deletes, against without it',
  operate: 'what queuectl needs to answer over a million finished tasks, against queuectl --version',
  guard: 'a quick part of these with generous limits: exit code 1 when one is beyond its limit',
}

/** It measures nothing that the others do not. */
const NOT_IN_ALL = 'guard'

// Node reads the certificates it names at every start, which costs some versions more than what is measured here.
// Nothing that a bench starts has it.
delete process.env.NODE_EXTRA_CA_CERTS

try {
  await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`bench: ${sentence(error)}\n`)
  process.exitCode = error instanceof Complaint ? error.exitCode : EXIT.internal
}

async function main([name, ...args]: string[]): Promise<void> {
  if (name === undefined) return list()
  if (name === 'all') return all(args)
  const file = join(import.meta.dirname, `${name}.ts`)
  if (!Object.hasOwn(BENCHES, name))
    throw new Complaint(EXIT.usage, `There is no bench ${name}. Use one of: ${Object.keys(BENCHES).join(', ')}, all.`)
  if (!existsSync(file))
    throw new Complaint(EXIT.badConfig, `The bench ${name} is not in this checkout: ${file} is missing.`)
  await report(name, (await import(file)) as Bench, args)
}

/** Each in a process of its own, so that none finds what another has left; one that fails does not keep the others. */
function all(args: readonly string[]): void {
  if (args.length > 0) throw new Complaint(EXIT.usage, 'all takes no flags. Run the one bench that they are for.')
  const startedAt = performance.now()
  const failed: string[] = []
  for (const name of Object.keys(BENCHES).filter((one) => one !== NOT_IN_ALL)) {
    const begunAt = performance.now()
    process.stdout.write(`\n== ${name}\n`)
    const { status } = spawnSync(process.execPath, [import.meta.filename, name], { stdio: 'inherit' })
    if (status !== 0) failed.push(name)
    process.stdout.write(`${name} took ${seconds(begunAt)} s.\n`)
  }
  process.stdout.write(`\nAll took ${seconds(startedAt)} s.\n`)
  if (failed.length === 0) return
  throw new Complaint(EXIT.internal, `These could not measure: ${failed.join(', ')}.`)
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1_000).toFixed(0)
}

function list(): void {
  process.stdout.write('npm run bench -- <name> [flags], npm run bench -- all\n\n')
  for (const [name, about] of Object.entries(BENCHES)) process.stdout.write(`  ${name.padEnd(10)} ${about}\n`)
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error instanceof Complaint ? error.message : (error.stack ?? error.message)
}
