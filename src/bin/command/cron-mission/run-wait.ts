/**
 * Waiting until what was started by hand has ended. Whoever stops waiting stops nothing else.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Complaint, EXIT } from '../../../exit.ts'
import { again } from '../../../queue/again.ts'
import type { Driver } from '../../../queue/driver.ts'
import { isFinal } from '../../../queue/status.ts'
import { readTask, type TaskFacts } from '../../../queue/store/read-task.ts'
import { exitWords } from '../../../schedule/tick/exit-words.ts'
import type { Launched } from '../../../schedule/tick/launch.ts'
import { formatDuration } from '../../../time/duration.ts'
import { statusLine } from '../../progress.ts'
import type { Settings } from '../../settings.ts'

export interface RunEnd {
  readonly isGood: boolean
  readonly outcome: string
  readonly exitCode: number | null
  /** The last lines that it printed; null where nothing is kept of them. */
  readonly output: string | null
  readonly sentence: string
}

const ENDED: Readonly<Record<string, string>> = { done: 'is done', failed: 'failed', cancelled: 'was cancelled' }
const LOOK_MS = 200
const PATIENCE_MS = 60_000
const TAIL_BYTES = 8_192
const TAIL_LINES = 20
const LEAVE_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Until the run of a command is finished, its retries included. */
export async function waitForRun(db: Driver, taskId: number, settings: Settings, quiet: boolean): Promise<RunEnd> {
  const task = await untilSignalled(`It goes on without this command: "queuectl show ${taskId}" tells how.`, (signal) =>
    watchTask(db, taskId, signal),
  )
  const { state, exitCode, startedAt, finishedAt, error } = task
  const how = exitWords(task)
  const output = tailOf(task, settings.logsDirectory)
  if (!quiet && output !== null && output !== '') process.stdout.write(output.endsWith('\n') ? output : `${output}\n`)
  const took = startedAt === null || finishedAt === null ? '' : ` after ${tookText(finishedAt - startedAt)}`
  const attempts = task.attempts > 1 ? `, at attempt ${task.attempts}` : ''
  // A program that was never started has printed nothing that would tell.
  const why = state === 'failed' && how === '' && error !== null ? `: ${error.trim().replace(/\.$/, '')}` : ''
  return {
    ...{ isGood: state === 'done', outcome: state, exitCode, output },
    sentence: `Task ${taskId} ${ENDED[state] ?? state}${how}${took}${attempts}${why}.`,
  }
}

function tookText(ms: number): string {
  return formatDuration(ms < 1_000 ? ms : Math.round(ms / 1_000) * 1_000)
}

/** Until all workers have left. How their tasks ended is told by the tasks. */
export async function waitForWorkers(launched: readonly Launched[]): Promise<RunEnd> {
  const pids = launched.map(({ pid }) => pid).join(', ')
  const left = Promise.all(launched.map(({ exited }) => exited))
  const codes = await untilSignalled(`They go on without this command: ${pids}.`, (signal) =>
    Promise.race([left, aborted(signal)]),
  ).finally(() => {
    for (const { leave } of launched) leave()
  })
  const bad = codes.find((code) => code !== EXIT.ok && code !== EXIT.busy)
  const who = codes.length === 1 ? 'The worker has' : `All ${codes.length} workers have`
  return {
    ...{ isGood: bad === undefined, outcome: bad === undefined ? 'done' : 'failed', exitCode: bad ?? 0, output: null },
    sentence: bad === undefined ? `${who} left.` : `${who} left, one with exit code ${bad}.`,
  }
}

/** @throws Complaint (busy), with the sentence, at a signal */
async function untilSignalled<T>(sentence: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const leaving = new AbortController()
  const leave = () => leaving.abort(new Complaint(EXIT.busy, sentence))
  for (const name of LEAVE_SIGNALS) process.once(name, leave)
  try {
    return await work(leaving.signal)
  } finally {
    for (const name of LEAVE_SIGNALS) process.off(name, leave)
  }
}

async function watchTask(db: Driver, taskId: number, signal: AbortSignal): Promise<TaskFacts> {
  const line = statusLine()
  const begunAt = performance.now()
  try {
    for (;;) {
      const task = await again(db.dialect, { forMs: PATIENCE_MS, giveUp: signal }, () => readTask(db, taskId))
      if (task === undefined)
        throw new Complaint(
          EXIT.badData,
          `Task ${taskId} was deleted while it was waited for. How it ended stands in the log alone.`,
        )
      if (isFinal(task.state)) return task
      const seconds = Math.round((performance.now() - begunAt) / 1_000)
      line.show(() => `task ${taskId} is ${task.state}, ${seconds} s`)
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
      signal.throwIfAborted()
    }
  } finally {
    line.end()
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}

/** The last lines of what the last attempt printed; null where the log is on another host, or gone. */
function tailOf({ output }: TaskFacts, logsDirectory: string): string | null {
  if (output === null) return null
  const length = Math.min(output.bytes, TAIL_BYTES)
  const bytes = Buffer.alloc(length)
  try {
    const fd = openSync(join(logsDirectory, output.file), 'r')
    try {
      readSync(fd, bytes, 0, length, output.offset + output.bytes - length)
    } finally {
      closeSync(fd)
    }
  } catch {
    return null
  }
  const lines = bytes.toString('utf8').replace(/\n$/, '').split('\n')
  return lines.slice(-TAIL_LINES).join('\n')
}
