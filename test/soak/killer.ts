/**
 * The killer: does to workers, ticks, runners, programs and the database what accidents and operators do, and writes it all down.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../fault/seeded-random.ts'
import { type Deed, type DeedKind, sinceBoot } from './evidence.ts'
import type { Place } from './place.ts'
import { mayPass } from './producer.ts'

export interface Killer {
  readonly deeds: readonly Deed[]
  /** Undoes what can be undone: everything goes on, and the database is up. */
  stop(): Promise<void>
}

/** How often beside the others, where there is somebody to do it to. */
const WAYS: readonly (readonly [weight: number, kind: DeedKind])[] = [
  [34, 'worker killed'],
  [14, 'runner killed'],
  [14, 'program killed'],
  [6, 'tick killed'],
  [8, 'worker asked to leave'],
  [4, 'worker told to stop'],
  [8, 'worker held up'],
  [14, 'task cancelled'],
  [4, 'database killed'],
]
const SHORTEST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1_500
const BETWEEN_DATABASES_MS = 20_000

export function startKiller(place: Place, random: Random): Killer {
  const deeds: Deed[] = []
  const undoing = new Set<Promise<void>>()
  let failure: unknown
  let databaseFromMs = BETWEEN_DATABASES_MS / 2 + performance.now()
  let isStopped = false

  const note = (kind: DeedKind, about: Pick<Deed, 'pid' | 'taskId'> = {}) =>
    deeds.push({ kind, atMs: sinceBoot(), ...about })

  const later = (undo: () => Promise<void>) => {
    const doing: Promise<void> = undo()
      .catch((error) => {
        failure ??= error
      })
      .finally(() => undoing.delete(doing))
    undoing.add(doing)
  }

  /** Noted before it is done: a program that begins again right afterwards must find it explained. */
  function signal(kind: DeedKind, pid: number, ...signals: readonly NodeJS.Signals[]): void {
    note(kind, { pid })
    for (const name of signals) send(pid, name)
  }

  async function act(kind: DeedKind): Promise<void> {
    const { workers, runners, programs, ticks } = place.processes()
    const one = (some: readonly { readonly pid: number }[]) => (some.length === 0 ? undefined : random.oneOf(some).pid)
    const worker = one(workers)
    switch (kind) {
      case 'worker killed':
        return worker === undefined ? undefined : signal(kind, worker, 'SIGKILL')
      case 'worker asked to leave':
        return worker === undefined ? undefined : signal(kind, worker, 'SIGTERM')
      case 'worker told to stop':
        if (worker === undefined) return
        signal(kind, worker, 'SIGTERM')
        await sleep(100)
        return send(worker, 'SIGTERM')
      case 'worker held up':
        if (worker === undefined) return
        signal(kind, worker, 'SIGSTOP')
        return later(async () => {
          await sleep(1_000 + random.below(4_000))
          send(worker, 'SIGCONT')
        })
      case 'runner killed': {
        const runner = one(runners)
        return runner === undefined ? undefined : signal(kind, runner, 'SIGKILL')
      }
      case 'program killed': {
        const program = one(programs)
        return program === undefined ? undefined : signal(kind, program, random.oneOf(['SIGKILL', 'SIGSEGV']))
      }
      case 'tick killed': {
        const tick = one(ticks)
        return tick === undefined ? undefined : signal(kind, tick, 'SIGKILL')
      }
      case 'task cancelled':
        return cancelOne()
      case 'database killed':
        return killDatabase()
    }
  }

  async function cancelOne(): Promise<void> {
    const rows = await place.db.all<{ id: number }>(
      'SELECT id FROM queue WHERE status IN (0, 2, 4) ORDER BY id LIMIT 100',
    )
    if (rows.length === 0) return
    const id = Number(random.oneOf(rows).id)
    note('task cancelled', { taskId: id })
    await place.run('queuectl', ['cancel', String(id)])
  }

  async function killDatabase(): Promise<void> {
    const { server } = place
    if (server === undefined || performance.now() < databaseFromMs) return
    databaseFromMs = performance.now() + BETWEEN_DATABASES_MS
    note('database killed')
    await server.kill9()
    later(async () => {
      await sleep(1_000 + random.below(7_000))
      await server.restart()
    })
  }

  async function kill(): Promise<void> {
    while (!isStopped) {
      await sleep(SHORTEST_PAUSE_MS + random.below(LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS))
      if (isStopped) return
      await act(random.weighed(WAYS)).catch((error) => {
        if (!mayPass(place.db, error)) throw error
      })
    }
  }

  const ended = kill()
  ended.catch(() => {}) // told to whoever stops it
  return {
    deeds,
    async stop() {
      isStopped = true
      await ended
      await Promise.all(undoing)
      if (failure !== undefined) throw failure
    },
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it has ended by itself
  }
}
