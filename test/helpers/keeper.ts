/**
 * Programs and a directory that cannot outlive this process, even when it is killed by SIGKILL.
 *
 * A keeper is a small shell in a session of its own that reads a pipe only we can write to. We tell it which process
 * groups to end; when the pipe closes, because we closed it or because we are no more, it kills them and removes the
 * directory. So one way out serves a normal end, an uncaught error, Ctrl-C and `kill -9` alike.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

export interface Keeper {
  /** Starts a program in a process group of its own, with nothing on stdin. */
  start(command: string, args: readonly string[], options: StartOptions): Kept
  /** Kills what still runs and removes the directory; resolves when both are gone. */
  close(): Promise<void>
}

export interface StartOptions {
  /** Where stdout and stderr go: ours, or the end of this file. */
  readonly output: 'inherit' | string
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

export interface Kept {
  /** Also the id of its process group. */
  readonly pid: number
  readonly child: ChildProcess
  readonly exited: Promise<Exit>
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

// Removing is repeated because a killed program may still finish the system call that makes a file.
const KEEP = `
  trap '' HUP INT TERM
  while read -r line; do groups=$line; done
  for group in $groups; do kill -9 "-$group"; done
  for try in 1 2 3 4 5 6 7 8 9; do rm -rf "$1" && break; sleep 0.1; done
`

// Until it is told to go the program is only a waiting shell: were we killed right here, that shell would see its
// stdin closed and leave.
const START_WHEN_TOLD = 'read -r go && exec "$@" </dev/null'

/** @param directory  removed in the end; it need not exist yet */
export function keep(directory: string): Keeper {
  const shell = spawn('/bin/sh', ['-c', KEEP, 'keeper', directory], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const { stdin } = shell
  const closed = exitOf(shell)
  const running = new Map<number, Pick<Kept, 'child' | 'exited'>>()
  stdin.on('error', () => {}) // the keeper is gone: nothing to tell it
  shell.unref()
  unrefStream(stdin)

  function start(command: string, args: readonly string[], { output, cwd, env }: StartOptions): Kept {
    const sink = output === 'inherit' ? output : openSync(output, 'a')
    const child = spawn('/bin/sh', ['-c', START_WHEN_TOLD, 'sh', command, ...args], {
      detached: true,
      stdio: ['pipe', sink, sink],
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env }),
    })
    if (typeof sink === 'number') closeSync(sink)
    const { pid, stdin: go } = child
    if (pid === undefined || go === null) throw new Error('/bin/sh could not be started.')
    const exited = exitOf(child)
    running.set(pid, { child, exited })
    tell()
    exited.then(() => {
      running.delete(pid)
      tell()
    })
    go.on('error', () => {})
    go.end('go\n')
    return { pid, child, exited }
  }

  function tell(): void {
    if (stdin.writable) stdin.write(`${[...running.keys()].join(' ')}\n`)
  }

  async function close(): Promise<void> {
    // Whoever waits for an end must stay awake for it, also where a program was not to keep this process alive.
    shell.ref()
    for (const { child } of running.values()) child.ref()
    stdin.end()
    await Promise.all([closed, ...[...running.values()].map(({ exited }) => exited)])
  }

  return { start, close }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => resolve({ code: null, signal: null }))
  })
}

/** A child's pipe is a socket: it can be told not to keep this process alive, which the stream type does not say. */
function unrefStream(stream: object): void {
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
}
