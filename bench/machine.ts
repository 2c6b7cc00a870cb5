/**
 * On what a bench ran: the figures mean nothing without it.
 */
import { spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, type } from 'node:os'
import { findServer } from '../test/helpers/server-program.ts'

export interface Machine {
  readonly cpus: number
  readonly cpu: string
  readonly kernel: string
  /** Of the last minute, when the bench began: high means that others were at work too. */
  readonly load: number
  readonly node: string
  readonly mariadb: string
  readonly shell: string
  readonly xargs: string
}

export function machine(): Machine {
  const server = findServer()
  return {
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    kernel: `${type()} ${release()}`,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    node: process.version,
    mariadb: server === undefined ? 'none' : firstLine(server, ['--no-defaults', '--version']),
    shell: shellVersion(),
    xargs: firstLine('xargs', ['--version']),
  }
}

/** dash does not tell its version; on a Debian the package does. */
function shellVersion(): string {
  const path = realpathSync('/bin/sh')
  const name = path.slice(path.lastIndexOf('/') + 1)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format of dpkg-query
  const version = name === 'dash' ? firstLine('dpkg-query', ['-W', '-f', '${Version}', 'dash']) : ''
  return version === '' ? path : `${name} ${version}`
}

function firstLine(command: string, args: readonly string[]): string {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return (stdout ?? '').split('\n')[0]?.trim() ?? ''
}
