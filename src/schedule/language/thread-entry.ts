/**
 * What runs in the thread of a schedule: it loads the file and answers what it is asked. See `schedule-thread.ts`.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { Complaint } from '../../exit.ts'
import { keepCompiled } from '../../host/compiled.ts'
import { importedFiles, loadSchedule } from './load.ts'
import type { LoadedPlan } from './load-plan.ts'
import { isRecord } from './option-values.ts'
import { planSchedule } from './plan.ts'
import type { Question, ThreadAnswer, ThreadTask } from './schedule-thread.ts'

const { path, entryUrl }: ThreadTask = workerData
let schedule: Promise<unknown> | undefined

keepCompiled()

parentPort?.on('message', async (question: Question) => {
  if (question.kind === 'end') {
    process.exit()
  } else {
    const answer = await answerTo(question)
    try {
      parentPort?.postMessage(answer)
    } catch (error) {
      // A function, or what has one in it, cannot leave its thread.
      parentPort?.postMessage(failed(`returned what cannot be handed over: ${messageOf(error)}`))
    }
  }
})

async function answerTo(question: Exclude<Question, { kind: 'end' }>): Promise<ThreadAnswer> {
  try {
    schedule ??= loadSchedule(path, entryUrl)
    const loaded = await schedule
    switch (question.kind) {
      case 'load':
        return { kind: 'value', value: undefined }
      case 'plan':
        return { kind: 'value', value: planOf(loaded) }
      case 'call':
        return await call(loaded, question)
    }
  } catch (error) {
    if (question.kind === 'call') return failed(`threw ${messageOf(error)}`)
    return error instanceof Complaint
      ? { kind: 'failed', reason: error.message, isSentence: true }
      : failed(`threw ${messageOf(error)}`)
  }
}

function planOf(loaded: unknown): LoadedPlan {
  const jobs = jobsOf(loaded)
  return { plan: planSchedule(loaded), ids: jobs && Object.keys(jobs), files: importedFiles() }
}

async function call(loaded: unknown, { job, option, context }: Extract<Question, { kind: 'call' }>) {
  const jobs = jobsOf(loaded) ?? {}
  const options = Object.hasOwn(jobs, job) ? jobs[job] : undefined
  const ask = isRecord(options) ? options[option] : undefined
  if (typeof ask !== 'function') return failed(`is no function any more in ${path}`)
  const value: unknown = await ask.call(options, frozen(context))
  return { kind: 'value', value } as const
}

function jobsOf(loaded: unknown): Record<string, unknown> | undefined {
  return isRecord(loaded) && isRecord(loaded.jobs) ? loaded.jobs : undefined
}

/** A copy of the context came here by itself; the user's code must not find it changed by its own. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) frozen(part)
    Object.freeze(value)
  }
  return value
}

function failed(reason: string): ThreadAnswer {
  return { kind: 'failed', reason }
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/\s+/g, ' ').replace(/[.]$/, '')
}
