/**
 * Running a crontab line as cron would: the very line, by the same shell, from the home directory, with next to nothing in
 * the environment.
 *
 * Only a variable is added, `CRON_MISSION_PROBE`. A `cron-mission` that finds it runs no tick, but writes what it sees
 * into the file that it names. So whatever the line does on its way (a wrapper, `flock`, a redirection) is done, too.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from '../../doctor/finding.ts'

export const PROBE_VARIABLE = 'CRON_MISSION_PROBE'

/** What a `cron-mission` that was called by the line sees. */
export interface Probe {
  /** Of Node: `24.21.0`. */
  readonly node: string
  /** The file of the command that was called. */
  readonly script: string
  readonly directory: string
  readonly path: string
  readonly zone: string
  /** The settings by the names of their variables, secrets left out. */
  readonly settings: Readonly<Record<string, string>>
  /** A different address, or password, has a different one. */
  readonly databaseTag: string
  /** What is wrong there. */
  readonly findings: readonly Finding[]
}

export interface Replay {
  /** Undefined when the line did not come to call us. */
  readonly probe: Probe | undefined
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it printed at last. */
  readonly said: string
}

export interface CronUser {
  readonly name: string
  readonly home: string
  /** Given when it is another one than ours. */
  readonly ids?: { readonly uid: number; readonly gid: number } | undefined
}

const LIMIT_MS = 20_000
const SAID_LENGTH = 400

export async function replay(command: string, variables: ReadonlyMap<string, string>, user: CronUser): Promise<Replay> {
  const directory = mkdtempSync(join(tmpdir(), 'cron-mission-doctor-'))
  const file = join(directory, 'probe.json')
  let limit: NodeJS.Timeout | undefined
  try {
    if (user.ids !== undefined) chownSync(directory, user.ids.uid, user.ids.gid)
    const environment = {
      ...{ HOME: user.home, LOGNAME: user.name, PATH: '/usr/bin:/bin', SHELL: '/bin/sh' },
      ...Object.fromEntries(variables),
      [PROBE_VARIABLE]: file,
    }
    const child = spawn(environment.SHELL, ['-c', command], {
      ...{ cwd: existsSync(user.home) ? user.home : '/', env: environment },
      ...user.ids,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    // The option `timeout` of spawn would keep us here as long when there is no such shell.
    limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes))
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    return { probe: read(file), code, signal, said: said.trim().replace(/\s+/g, ' ').slice(-SAID_LENGTH) }
  } catch (error) {
    return { probe: undefined, code: null, signal: null, said: (error as Error).message }
  } finally {
    clearTimeout(limit)
    rmSync(directory, { recursive: true, force: true })
  }
}

function read(file: string): Probe | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Probe
  } catch {
    return undefined
  }
}
