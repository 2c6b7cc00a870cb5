/**
 * The daemons of a project on this host, each known by a file in the state directory.
 *
 *     .queue/daemon.9c3e5d0b7a41.4711.880012     the boot, pid and start of its process
 *
 * Several daemons do no harm, as several ticks of a minute do not. The files are there so that this can be said.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint, EXIT } from '../../exit.ts'
import { bootTag, hasEnded, ownIdentity } from '../../host/identity.ts'

const MARK = /^daemon\.([0-9a-f]+)\.(\d+)\.(\d+)$/

/** @returns the pids of those that live */
export function livingDaemons(stateDirectory: string): number[] {
  return marks(stateDirectory).flatMap(({ pid, isAlive }) => (isAlive ? [pid] : []))
}

/**
 * Leaves this process's mark and removes those of the dead.
 *
 * @returns what takes it away again
 * @throws Complaint when the state directory cannot be written
 */
export function leaveMark(stateDirectory: string): () => void {
  for (const { path, isOfThisBoot, isAlive } of marks(stateDirectory)) {
    if (isOfThisBoot && !isAlive) rmSync(path, { force: true })
  }
  const { pid, pidStart } = ownIdentity()
  const own = join(stateDirectory, `daemon.${bootTag()}.${pid}.${pidStart}`)
  try {
    mkdirSync(stateDirectory, { recursive: true })
    writeFileSync(own, '')
  } catch (error) {
    const { code } = error as { code?: string }
    throw new Complaint(
      code === 'ENOSPC' || code === 'EDQUOT' ? EXIT.busy : EXIT.badConfig,
      `The state directory ${stateDirectory} cannot be written (${code}). Make room or make it writable, or set QUEUE_STATE to another.`,
      { cause: error },
    )
  }
  return () => rmSync(own, { force: true })
}

function marks(stateDirectory: string) {
  return list(stateDirectory).flatMap((name) => {
    const [, boot, pid, start] = MARK.exec(name) ?? []
    if (boot === undefined) return []
    const isOfThisBoot = boot === bootTag()
    const isAlive = isOfThisBoot && !hasEnded(Number(pid), Number(start))
    return [{ path: join(stateDirectory, name), pid: Number(pid), isOfThisBoot, isAlive }]
  })
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
