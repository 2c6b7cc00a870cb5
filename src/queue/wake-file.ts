/**
 * The wake file: an empty file in memory, one for each queue of a database that has watching workers on this host.
 *
 *     /dev/shm/cron-mission-5e0f…91.wake     mode 0622; the name is made from the database's installation and the queue
 *
 * Watching workers make it and are told by the system when it changes; whoever has added tasks changes it, by making the
 * empty file empty. So a task added here starts at once, whatever user added it and from whatever directory. Nothing
 * depends on it: a wake-up makes a worker look earlier than it would have, and where there is no such file, or no right
 * to it, nothing is lost but milliseconds. Others may write to it and not read it; a file with anything in it, with a
 * second name, or behind a link is left alone, so nobody's data can be emptied by it.
 */
import { createHash } from 'node:crypto'
import { closeSync, constants, existsSync, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'

/** @param installation  the database's: the same on every way to it */
export function wakeFile(installation: string, queue: string): string {
  const tag = createHash('sha256').update(`${installation} ${queue}`).digest('hex').slice(0, 16)
  return join(existsSync(MEMORY) ? MEMORY : tmpdir(), `cron-mission-${tag}.wake`)
}

/** Tells the idle workers of this host that there is something to look for. Never fails, never waits. */
export function wakeWorkers(file: string): void {
  try {
    const { O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants
    const descriptor = openSync(file, O_WRONLY | O_NOFOLLOW | O_NONBLOCK)
    try {
      const { size, nlink } = fstatSync(descriptor)
      if (size === 0 && nlink === 1) ftruncateSync(descriptor, 0)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // nobody watches here, or it is not ours to change: workers look by themselves
  }
}
