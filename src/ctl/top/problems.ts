/**
 * What is wrong, or keeps something from being started: a sentence each, the most urgent first. Pure.
 */

import { amount, grouped } from '../../amount.ts'
import { pausedSubject, sinceAndBy } from '../../queue/pause-words.ts'
import { isOfQueue, pauseOfQueue, type QueuePause } from '../../queue/store/queue-pause.ts'
import { roughly } from '../../time/time-text.ts'
import { plainLine } from '../display-width.ts'
import { boundedText, shortDuration } from '../number-text.ts'
import { type BoardFacts, hostAndPid, type QueueFacts, type WorkerFacts } from './facts.ts'

export interface Problem {
  readonly kind: 'no-answer' | 'no-worker' | 'dead-worker' | 'failing' | 'no-tick' | 'incident' | 'stopped' | 'paused'
  /** The queue that it is about; undefined when that is not known, or it is about all. */
  readonly queue?: string | undefined
  readonly text: string
}

/** What explains the others before them: a small window may not have room for all. */
const URGENT_FIRST: readonly Problem['kind'][] = [
  ...(['no-answer', 'no-tick', 'stopped', 'no-worker', 'dead-worker', 'failing', 'incident', 'paused'] as const),
]
/** A tick starts workers once a minute; until the second one, there is nothing to worry about. */
const PATIENCE_MS = 120_000
/** In a minute. */
const MANY_FAILURES = 10
const LONGEST_TEXT = 400

/** @param zone  whose wall clock times are told by */
export function problemsOf(facts: BoardFacts, zone: string): Problem[] {
  return [
    ...facts.queues.flatMap((queue) => withoutWorker(queue, facts)),
    ...facts.workers.flatMap(deadWorker),
    ...facts.queues.flatMap(failing),
    ...facts.pauses.map((pause) => paused(pause, zone)),
    ...facts.troubles,
  ]
    .map((problem) => ({ ...problem, text: plainLine(problem.text, LONGEST_TEXT) }))
    .toSorted((a, b) => URGENT_FIRST.indexOf(a.kind) - URGENT_FIRST.indexOf(b.kind))
}

/** Those that are about this queue, or about all. */
export function problemsOfQueue(problems: readonly Problem[], queue: string): Problem[] {
  return problems.filter((problem) => problem.queue === undefined || problem.queue === queue)
}

function withoutWorker({ queue, ready, oldestReadyMs = 0 }: QueueFacts, { workers, pauses }: BoardFacts): Problem[] {
  const isServed = workers.some((worker) => worker.queue === queue && !isDead(worker))
  if (isServed || ready.count === 0 || oldestReadyMs < PATIENCE_MS || pauseOfQueue(pauses, queue)) return []
  const waiting = `${boundedText(ready)} ${ready.count === 1 ? 'task waits' : 'tasks wait'}`
  return [
    {
      kind: 'no-worker',
      queue,
      text: `No worker for queue ${queue}: ${waiting}, the oldest for ${roughly(oldestReadyMs)}.`,
    },
  ]
}

/** Its lease is over, or it is known that its process has ended. */
export function isDead({ leaseOver, isGone }: WorkerFacts): boolean {
  return leaseOver || isGone
}

function deadWorker(worker: WorkerFacts): Problem[] {
  if (!isDead(worker)) return []
  const { isGone, leaseLeftMs, running, queue } = worker
  const how = isGone
    ? 'its process has ended'
    : leaseLeftMs < 0
      ? `its lease ended ${shortDuration(-leaseLeftMs)} ago`
      : 'its lease is over'
  const left = running === 0 ? '' : ` It had ${amount(running, 'task')}, which the next tick or worker sees to.`
  return [
    { kind: 'dead-worker', queue, text: `Worker ${hostAndPid(worker)} of queue ${queue} is dead: ${how}.${left}` },
  ]
}

/** Most of what it does fails: not a task that is wrong, but what all of them need. */
function failing({ queue, pace }: QueueFacts): Problem[] {
  const { donePerMinute: done, failuresPerMinute: failed } = pace
  if (failed < MANY_FAILURES || failed < done) return []
  const text = `Queue ${queue}: of the last ${grouped(done + failed)} attempts ${done === 0 ? 'all' : grouped(failed)} failed.`
  return [{ kind: 'failing', queue, text }]
}

function paused(pause: QueuePause, zone: string): Problem {
  const subject = pausedSubject(pause)
  const why = pause.reason === undefined ? '' : `: ${pause.reason}`
  const text = `${subject.charAt(0).toUpperCase()}${subject.slice(1)} is paused ${sinceAndBy(pause, zone)}${why}.`
  return { kind: 'paused', queue: pause.queue, text }
}

/** Whether nothing of the queue is started now. */
export function isPaused({ pauses }: BoardFacts, queue: string): boolean {
  return pauses.some((pause) => pause.task === undefined && isOfQueue(pause, queue))
}
