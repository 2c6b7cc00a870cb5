/** A project whose tests compare what `queuectl logs` prints byte for byte: it prints into a file, as a shell would have it. */
import { existsSync, readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import type { Database } from '../helpers/databases.ts'
import { binFile, type Ended, type Running, startProgram } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

export interface LogsProject extends QueueProject {
  /** Starts `queuectl logs` with these arguments. */
  logs(...args: string[]): RunningLogs
  /** Runs it to its end. */
  printed(...args: string[]): Promise<Ended & { readonly bytes: Buffer }>
}

export interface RunningLogs extends Running {
  /** What it has printed so far. */
  readonly bytes: Buffer
}

/** Prints a line with a NUL byte, waits for the file `go`, then prints as many bytes as its parameter says. */
const STEPS = `#!/bin/sh
printf 'one\\000\\n'
while [ ! -e go ]; do sleep 0.02; done
seq 1 100000000 2>/dev/null | head -c "$1"
`
/** Prints a line for each of its attempts, and fails. */
const FAIL = `#!/bin/sh
echo "attempt $TASK_ATTEMPT of task $TASK_ID"
exit "\${1:-1}"
`
/** Prints 200 lines, a few at a time. */
const DRIP = `#!/bin/sh
i=0
while [ $i -lt 200 ]; do
  echo "$TASK_ID: line $i"
  i=$((i+1))
  [ $((i % 20)) -ne 0 ] || sleep 0.02
done
`

export async function logsProject(t: TestContext, database: Database): Promise<LogsProject> {
  const project = await queueProject(t, database, { tasks: { steps: STEPS, fail: FAIL, drip: DRIP } })
  let count = 0
  const logs = (...args: string[]): RunningLogs => {
    const file = project.path(`printed-${++count}`)
    const running = startProgram(
      '/bin/sh',
      ['-c', 'exec "$0" "$@" >"$FILE"', process.execPath, binFile('queuectl'), 'logs', ...args],
      { cwd: project.directory, env: { FILE: file }, t },
    )
    return Object.defineProperty(running, 'bytes', {
      get: () => (existsSync(file) ? readFileSync(file) : Buffer.alloc(0)),
    }) as RunningLogs
  }
  return {
    ...project,
    logs,
    async printed(...args) {
      const running = logs(...args)
      return { ...(await running.exited), bytes: running.bytes }
    },
  }
}
