/**
 * The heap of a worker, kept at what it is after the first tasks.
 *
 * V8 takes what it is free to take: its space for short-lived objects would grow sixteenfold under a steady stream of tasks and
 * never be given back, and what tasks leave behind would be collected when it is as much as everything else.
 *
 * Who stays waits most of the time, and holds what it holds for days. Who leaves when its part is empty is at work all the time: at
 * the size that it begins with it would spend a quarter of its CPU on clearing that space, so it may grow once.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Collected at a seventh of the way to where V8 would; what is left is moved together, so that pages can be given back. */
const SMALL = [
  '--semi-space-growth-factor=1',
  '--optimize-for-size',
  '--no-maglev', // the compiler in the middle: its helper threads keep some two megabytes, for 7 % of our CPU
  '--incremental-marking-soft-trigger=15',
  '--incremental-marking-hard-trigger=25',
]
const GROWS_ONCE = [
  '--semi-space-growth-factor=4',
  '--incremental-marking-soft-trigger=30',
  '--incremental-marking-hard-trigger=40',
]
const NO_MORE_GROWTH = '--semi-space-growth-factor=1'
const USUAL = [
  '--semi-space-growth-factor=2',
  '--no-optimize-for-size',
  '--incremental-marking-soft-trigger=0',
  '--incremental-marking-hard-trigger=0',
]
/** It begins with a quarter of that. */
const ENOUGH_BYTES = 4 * 2 ** 20

let watching: PerformanceObserver | undefined

/** @param stays  also when there is nothing to do */
export function keepHeapSmall(stays: boolean): void {
  for (const flag of stays ? SMALL : GROWS_ONCE) setFlagsFromString(flag)
  if (stays || watching !== undefined) return
  watching = new PerformanceObserver(limitGrowth)
  watching.observe({ entryTypes: ['gc'] })
}

/** V8 believes kept code only when its flags are what they were when it was kept: at the end they are as at the start. */
export function useHeapAsUsual(): void {
  stopWatching()
  for (const flag of USUAL) setFlagsFromString(flag)
}

function limitGrowth(): void {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
  if (young !== undefined && young.space_size < ENOUGH_BYTES) return
  setFlagsFromString(NO_MORE_GROWTH)
  stopWatching()
}

function stopWatching(): void {
  watching?.disconnect()
  watching = undefined
}
