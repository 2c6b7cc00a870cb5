/**
 * Which process this is, and whether another one still lives.
 *
 * A pid alone is reused. With the boot and the time it started it is not, so a worker of this host that is gone is known
 * to be gone at once; of another host nothing is known but its lease.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { ProcessIdentity } from '../queue/store/seat.ts'

export function ownIdentity(): ProcessIdentity {
  return { host: hostname(), bootId: bootId(), pid: process.pid, pidStart: processStart(process.pid) ?? 0 }
}

/** True only when `other` was of this boot of this host and its process has ended. */
export function isGone(other: ProcessIdentity): boolean {
  if (other.host !== hostname() || other.bootId !== bootId()) return false
  if (other.pidStart === 0) return !exists(other.pid)
  return processStart(other.pid) !== other.pidStart
}

/**
 * When a process started, in clock ticks since boot: the 22nd field of /proc/<pid>/stat, counted after the name,
 * which may hold blanks and brackets. A zombie has ended. Undefined where there is no such process or no /proc.
 */
function processStart(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19])
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

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}
