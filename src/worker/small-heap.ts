/**
 * The heap of a worker, kept at what it is after the first tasks.
 *
 * V8 takes what it is free to take: its space for short-lived objects would grow sixteenfold under a steady stream of tasks and
 * never be given back, and what tasks leave behind would be collected when it is as much as everything else.
 */
import { setFlagsFromString } from 'node:v8'

/** Collected at a seventh of the way to where V8 would; what is left is moved together, so that pages can be given back. */
const SMALL = [
  '--semi-space-growth-factor=1',
  '--optimize-for-size',
  '--incremental-marking-soft-trigger=15',
  '--incremental-marking-hard-trigger=25',
]
const USUAL = [
  '--semi-space-growth-factor=2',
  '--no-optimize-for-size',
  '--incremental-marking-soft-trigger=0',
  '--incremental-marking-hard-trigger=0',
]

export function keepHeapSmall(): void {
  for (const flag of SMALL) setFlagsFromString(flag)
}

/** V8 believes kept code only when its flags are what they were when it was kept: at the end they are as at the start. */
export function useHeapAsUsual(): void {
  for (const flag of USUAL) setFlagsFromString(flag)
}
