/**
 * Which process this is, and whether another one still lives.
 *
 * A pid alone is reused. With the boot and the time it started it is not, so a worker of this host that is gone is known
 * to be gone at once; of another host nothing is known but its lease.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { ProcessIdentity } from '../queue/store/seat.ts'
import { exists, processStart } from './processes.ts'

export function ownIdentity(): ProcessIdentity {
  return { host: hostname(), bootId: bootId(), pid: process.pid, pidStart: processStart(process.pid) ?? 0 }
}

/** True only when `other` was of this boot of this host and its process has ended. */
export function isGone(other: ProcessIdentity): boolean {
  return isOfThisBoot(other) && hasEnded(other.pid, other.pidStart)
}

/** Of the same boot of this host, so that its pid means something here. */
export function isOfThisBoot(other: Pick<ProcessIdentity, 'host' | 'bootId'>): boolean {
  return other.host === hostname() && other.bootId === bootId()
}

/** @param start  0 when it was not known */
export function hasEnded(pid: number, start: number): boolean {
  return start === 0 ? !exists(pid) : processStart(pid) !== start
}

/** Twelve hex digits that tell this boot of this host from every other, for the name of a file. */
export function bootTag(): string {
  return createHash('sha256').update(`${hostname()} ${bootId()}`).digest('hex').slice(0, 12)
}

/** The boot and the pid namespace: a container of the same name on the same kernel counts its pids anew. */
function bootId(): string {
  const boot = read('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown'
  return `${boot} ${pidNamespace()}`.trim()
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    return ''
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
