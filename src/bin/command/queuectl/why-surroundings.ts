/**
 * What this host alone can tell of a task: whether its program is there, what the files of its worker say, and what the
 * schedule does about its queue.
 */

import type { Evidence, JobOutlook, LiveAttempt, Surroundings } from '../../../ctl/why/evidence.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { isExecQueue } from '../../../queue/exec-queue.ts'
import { installationName } from '../../../queue/migrate.ts'
import { findLiveOutput } from '../../../worker/live-output.ts'
import { resolveProgram } from '../../../worker/program.ts'
import { workerDirectoryPath } from '../../../worker/worker-directory.ts'
import type { Settings } from '../../settings.ts'

export async function lookAround(db: Driver, evidence: Evidence, settings: Settings): Promise<Surroundings> {
  const { task } = evidence
  const { host } = ownIdentity()
  return {
    host,
    zone: settings.timezone,
    retry: settings.retry,
    program: isExecQueue(task.queue) ? undefined : programOf(task.task, settings),
    attempt: await liveAttempt(db, evidence),
    jobs: await jobsFor(db, evidence, host, settings),
  }
}

/** Where a worker is there already, or where nobody is needed, no job is asked for, and what reads the schedule's plan is not loaded. */
async function jobsFor(
  db: Driver,
  { task, turn }: Evidence,
  host: string,
  settings: Settings,
): Promise<readonly JobOutlook[] | undefined> {
  if (turn === undefined || turn.coveredBy.length > 0) return undefined
  return (await import('./why-jobs.ts')).jobsOf(db, task.queue, host, settings)
}

function programOf(task: string, { tasksDirectory }: Settings): Surroundings['program'] {
  const resolution = resolveProgram(tasksDirectory, task)
  if (resolution.kind === 'unstartable') return { kind: 'unstartable', reason: resolution.reason }
  return { kind: 'program', path: resolution.command.at(-1) ?? task }
}

async function liveAttempt(db: Driver, { task, workers }: Evidence): Promise<LiveAttempt | undefined> {
  const worker = workers.find(({ workerId }) => workerId === task.workerId)
  if (task.state !== 'running' || worker === undefined || task.claimToken === null) return undefined
  const directory = workerDirectoryPath(worker.stateDirectory, await installationName(db), worker.workerId)
  const claim = { id: task.id, attempt: task.attempts, claimToken: task.claimToken }
  const found = findLiveOutput(directory, worker.workerId, claim)
  switch (found.kind) {
    case 'absent':
    case 'unreadable':
      return undefined
    case 'waits':
      return found
    case 'begun': {
      const { startedAt } = found.output
      const { bytes, hasEnded } = found.output.look()
      found.output.close()
      return { kind: 'begun', startedAt, bytes, hasEnded }
    }
  }
}
