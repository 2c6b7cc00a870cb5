/**
 * Finding every process that descends from one we started, also after its parent has died.
 *
 * Parents and process groups do not tell: a task's runner has a session of its own and outlives its worker by design.
 * The environment does, because it is inherited: we put a random value in it and look for that value. Needs /proc;
 * elsewhere nothing is found.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Marks everything that a test run starts. */
export const RUN_MARK = 'CRON_MISSION_TEST_RUN'

/** Marks one program started by a test, and what it starts. */
export const TREE_MARK = 'CRON_MISSION_TEST_TREE'

export interface MarkedProcess {
  readonly pid: number
  readonly command: string
}

/** The living processes, but for this one, that have `mark=value` in their environment. */
export function markedProcesses(mark: string, value: string): MarkedProcess[] {
  const wanted = `${mark}=${value}`
  return processIds()
    .filter((pid) => pid !== process.pid && read(pid, 'environ').split('\0').includes(wanted))
    .map((pid) => ({ pid, command: read(pid, 'cmdline').replaceAll('\0', ' ').trim() }))
    .filter(({ command }) => command !== '')
}

/** Kills them and waits until they are gone; looks again because one of them may just have started another. */
export async function killMarked(mark: string, value: string): Promise<void> {
  const deadline = Date.now() + 5_000
  for (let left = markedProcesses(mark, value); left.length > 0; left = markedProcesses(mark, value)) {
    if (Date.now() > deadline) throw new Error(`Process ${left[0]?.pid} (${left[0]?.command}) survives SIGKILL.`)
    for (const { pid } of left) kill(pid)
    await sleep(10)
  }
}

/** Whether a process of that id runs; one that has ended and was not yet waited for does not. */
export function isAlive(pid: number): boolean {
  return read(pid, 'cmdline') !== ''
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** @returns the empty text for a process that is gone, a zombie, or not ours */
function read(pid: number, file: 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended by itself
  }
}
