/**
 * Disks that fill up under a worker, and what must be true when there is room again.
 *
 *     const disk = smallDisk(t, project.path('logs'))
 *     disk?.fill()                    // not one byte more fits
 *     …
 *     disk?.free()
 *     await everyTaskRanOnce(project)
 *
 * The programs write down that they ran (`tally`) in the project's directory, which is on another disk.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { QueueProject } from '../bin/queue-project.ts'
import { mountSmallDisk } from '../bin/small-disk.ts'
import { afterwards } from '../helpers/cleanup.ts'
import type { Ended } from '../helpers/processes.ts'

export { CANNOT_MOUNT } from '../bin/small-disk.ts'

export interface SmallDisk {
  /** Leaves no free byte, and hardly more than the rest of a page where a file has one; not even that in these files. */
  fill(...files: readonly string[]): void
  /** Takes away what filled it. */
  free(): void
  /** No file more can be made. */
  useUpInodes(): void
  freeInodes(): void
}

const MEBIBYTE = 1_048_576
const FILLING = 'filling'

/** @returns undefined where no disk can be mounted */
export function smallDisk(t: TestContext, directory: string, bytes = MEBIBYTE): SmallDisk | undefined {
  if (!mountSmallDisk(t, directory, bytes)) return undefined
  const remount = (option: string) => execFileSync('mount', ['-o', `remount,${option}`, directory])
  return {
    fill: (...files) => {
      fill(join(directory, FILLING), '\0')
      for (const file of files) fill(file, '\n')
    },
    free: () => rmSync(join(directory, FILLING), { force: true }),
    useUpInodes: () => remount(`nr_inodes=${usedInodes(directory)}`),
    freeInodes: () => remount('nr_inodes=1000'),
  }
}

/** Makes a directory one that nobody may write, also not root: files that are open stay writable. Undone by what is returned. */
export function makeReadOnly(t: TestContext, directory: string): (() => void) | undefined {
  if (spawnSync('mount', ['--bind', directory, directory]).status !== 0) return undefined
  let isMounted = true
  const undo = () => {
    if (isMounted) execFileSync('umount', ['--lazy', directory])
    isMounted = false
  }
  afterwards(t, undo)
  execFileSync('mount', ['-o', 'remount,bind,ro', directory])
  return undo
}

/** Runs do-queue until it has nothing to do, then asserts that each task is done and its program ran once. */
export async function everyTaskRanOnce(project: QueueProject): Promise<void> {
  const { code, stderr } = await project.run('do-queue')

  assert.deepEqual([code, stderr], [0, ''])
  const rows = await project.rows()
  assert.deepEqual(count(rows.map(({ status, attempts }) => `${status} ${attempts}`)), { 'done 1': rows.length })
  assert.deepEqual(
    sorted(project.lines('runs')),
    rows.map(({ id }) => id),
  )
  assert.deepEqual(workerDirectories(project), [])
}

/** What ran is done, what did not run is ready as it was: nothing between, and nothing twice. */
export async function nothingIsLost(project: QueueProject): Promise<{ done: number; ready: number }> {
  const rows = await project.rows()
  const done = rows.filter(({ status, attempts }) => status === 'done' && attempts === 1)
  const ready = rows.filter(({ status, attempts }) => status === 'ready' && attempts === 0)
  assert.equal(done.length + ready.length, rows.length, JSON.stringify(count(rows.map(({ status }) => status))))
  assert.deepEqual(
    sorted(project.lines('runs')),
    done.map(({ id }) => id),
  )
  return { done: done.length, ready: ready.length }
}

/** It left with this exit code and said why in one sentence. */
export function saidWhy({ code, stderr }: Ended, exitCode: number, sentence: RegExp): void {
  assert.match(stderr, /^do-queue: [^\n]+\.\n$/)
  assert.match(stderr, sentence)
  assert.equal(code, exitCode)
}

export function workerDirectories(project: QueueProject): string[] {
  const state = project.path('.queue')
  return existsSync(state) ? readdirSync(state).filter((name) => name.startsWith('worker-')) : []
}

function fill(path: string, byte: string): void {
  const fd = openSync(path, 'a')
  try {
    for (const size of [65_536, 4_096, 1]) while (writes(fd, Buffer.alloc(size, byte)));
  } finally {
    closeSync(fd)
  }
}

function writes(fd: number, bytes: Buffer): boolean {
  try {
    return writeSync(fd, bytes) === bytes.length
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error
    return false
  }
}

function usedInodes(directory: string): number {
  const { files, ffree } = statfsSync(directory)
  return files - ffree
}

function sorted(ids: readonly string[]): number[] {
  return ids.map(Number).toSorted((a, b) => a - b)
}

function count(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1
  return counts
}
