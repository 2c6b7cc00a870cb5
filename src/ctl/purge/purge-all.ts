/** Purging several databases by one request: the project's, and this host's own where it has one. */
import type { Driver } from '../../queue/driver.ts'
import {
  type FinishedState,
  type Purged,
  type PurgePace,
  type PurgePreview,
  type PurgeRequest,
  previewPurge,
  purgeTasks,
  sumOf,
} from './purge.ts'

export async function previewAll(databases: readonly Driver[], request: PurgeRequest): Promise<PurgePreview> {
  const all: PurgePreview[] = []
  for (const db of databases) all.push(await previewPurge(db, request))
  const times = all.flatMap(({ oldest, newest }) => [oldest ?? [], newest ?? []].flat())
  return {
    found: added(all.map(({ found }) => found)),
    isAll: all.every(({ isAll }) => isAll),
    oldest: times.length === 0 ? undefined : Math.min(...times),
    newest: times.length === 0 ? undefined : Math.max(...times),
  }
}

/** One after the other, within the time that the pace gives to all of them. */
export async function purgeAll(
  databases: readonly Driver[],
  request: PurgeRequest,
  { maxMs, onProgress, ...pace }: PurgePace,
): Promise<Purged> {
  const startedAt = performance.now()
  const all: Purged[] = []
  for (const db of databases) {
    const before = all.reduce((sum, { deleted }) => sum + sumOf(deleted), 0)
    all.push(
      await purgeTasks(db, request, {
        ...pace,
        maxMs: maxMs - (performance.now() - startedAt),
        onProgress: (deleted) => onProgress(before + deleted),
      }),
    )
  }
  const sum = (of: (purged: Purged) => number) => all.reduce((total, purged) => total + of(purged), 0)
  return {
    deleted: added(all.map(({ deleted }) => deleted)),
    attempts: sum(({ attempts }) => attempts),
    keptUnique: sum(({ keptUnique }) => keptUnique),
    keptOpen: sum(({ keptOpen }) => keptOpen),
    ended: all.find(({ ended }) => ended !== 'all')?.ended ?? 'all',
  }
}

function added(counts: readonly Readonly<Record<FinishedState, number>>[]): Record<FinishedState, number> {
  const sum = (state: FinishedState) => counts.reduce((total, count) => total + count[state], 0)
  return { done: sum('done'), failed: sum('failed'), cancelled: sum('cancelled') }
}
