/**
 * Asks the functions of a schedule: `onlyIf`, `shards`, `enqueue`.
 *
 * They are somebody else's code, so they run in a thread that can be ended whatever it does, an endless loop included. One
 * thread answers many calls, one after the other; it loads the schedule when the first is made, and another one takes its
 * place when it had to be ended. What the code prints reaches neither a terminal nor cron: the caller is told.
 */
import { formatDuration } from '../../time/duration.ts'
import type { JobContext } from './define.ts'
import type { ScheduleThread } from './schedule-thread.ts'

export interface FunctionCall {
  readonly job: string
  readonly option: 'onlyIf' | 'shards' | 'enqueue'
  readonly context: JobContext
}

/** What a function returned, whatever that is; or a clause to follow its name: `took longer than 5s`. */
export type FunctionResult =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly reason: string }

export interface JobFunctions {
  call(call: FunctionCall): Promise<FunctionResult>
  /** Ends the thread, if there is one. */
  end(): Promise<void>
}

const LIMIT_MS = 5_000

/**
 * @param entryUrl  the `file:` URL that an import of `cron-mission` gets in the schedule
 * @param onOutput  is told each line that the schedule's code prints
 * @param limitMs   how long a call may take, and so long may it take to load the schedule
 */
export function jobFunctions(
  schedulePath: string,
  entryUrl: string | undefined,
  onOutput: (line: string) => void,
  limitMs: number = LIMIT_MS,
): JobFunctions {
  const limit = formatDuration(limitMs)
  let thread: ScheduleThread | undefined
  let last: Promise<unknown> = Promise.resolve()

  async function callNow({ job, option, context }: FunctionCall): Promise<FunctionResult> {
    if (thread === undefined || thread.hasEnded) {
      // Most ticks ask nothing, and do not pay for what a thread needs.
      const { ScheduleThread } = await import('./schedule-thread.ts')
      thread = new ScheduleThread(schedulePath, entryUrl, onOutput)
    }
    const loaded = await thread.ask({ kind: 'load' }, limitMs)
    if (loaded.kind === 'late') return failed(`cannot be asked: the schedule took longer than ${limit} to load`)
    if (loaded.kind === 'failed') {
      return failed(`cannot be asked: ${loaded.isSentence ? '' : 'the schedule '}${loaded.reason.replace(/[.]$/, '')}`)
    }
    const answer = await thread.ask({ kind: 'call', job, option, context }, limitMs)
    return answer.kind === 'late' ? failed(`took longer than ${limit}`) : answer
  }

  return {
    call(call) {
      const result = last.then(() => callNow(call))
      last = result.catch(() => undefined)
      return result
    },
    async end() {
      await last
      await thread?.end()
    },
  }
}

function failed(reason: string): FunctionResult {
  return { kind: 'failed', reason }
}
