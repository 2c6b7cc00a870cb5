/**
 * What the bench knows of a queue it compares with: where its tasks are kept, how they get there, and who works them.
 *
 * A peer has two parts, each in processes of its own that are written as its users write them. The client adds tasks and
 * counts what is left; the worker runs one program per task. The worker does not know that it is measured.
 */
import type { Client } from './client.ts'
import type { Command } from './worker.ts'

export interface Peer {
  readonly name: string
  readonly ours: boolean
  /** `graphile-worker 0.18.0 on PostgreSQL 15.18`. */
  readonly version: string
  /** What is left of an accepted task, or of a booked end, when the machine loses its power. */
  readonly durability: string
  /** Where it is told to do otherwise than it does by itself. */
  readonly settings: string
  /** Answers `reset`, `enqueue <count>` with milliseconds, and `remaining` with how many are unfinished and how many failed. */
  readonly client: Client
  /**
   * The processes that work the queue.
   *
   * @param concurrency  how many programs run at a time, in all of them together
   * @param processes  how many workers share them, where a worker can run several
   */
  workers(concurrency: number, processes: number): readonly Command[]
  /** The process of its server whose children are the rest of it; none for an embedded one. */
  readonly server: number | undefined
}

/** How many programs each of so many workers runs at a time: as evenly as can be, none without one. */
export function shares(concurrency: number, processes: number): number[] {
  const count = Math.min(concurrency, processes)
  return Array.from({ length: count }, (_, i) => Math.floor((concurrency + i) / count))
}

/** Where all peers work. */
export interface Place {
  readonly directory: string
  /** Path of the program that each task starts, in `tasks/` of the directory. */
  readonly program: string
  /** All that a client or a worker is given. */
  readonly environment: Readonly<Record<string, string>>
}
