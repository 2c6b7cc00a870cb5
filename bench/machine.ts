/**
 * On what a bench ran: the figures mean nothing without it.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os'
import { findServer } from '../test/helpers/server-program.ts'

export interface Machine {
  readonly cpus: number
  readonly cpu: string
  readonly kernel: string
  /** Of the last minute, when the bench began: high means that others were at work too. */
  readonly load: number
  readonly memoryGb: number
  /** What the benches' databases lie on: `ext4 on a disk that does not turn`. */
  readonly disk: string
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
    memoryGb: Number((totalmem() / 2 ** 30).toFixed(1)),
    disk: diskOf(tmpdir()),
    node: process.version,
    mariadb: server === undefined ? 'none' : versionOf(server, ['--no-defaults', '--version']),
    shell: shellVersion(),
    xargs: firstLine('xargs', ['--version']),
  }
}

/** Two lines: the machine, and what ran on it. */
export function machineText({ cpus, cpu, memoryGb, disk, kernel, load, node, mariadb, shell, xargs }: Machine): string {
  return (
    `${cpus} × ${cpu}, ${memoryGb} GiB, ${disk}, ${kernel}, load ${load}\n` +
    `Node ${node}, MariaDB ${mariadb}, sh is ${shell}, ${xargs}`
  )
}

/** The number in what a program says of itself: `8.2.36`; the whole line where there is none. */
export function versionOf(command: string, args: readonly string[] = ['--version']): string {
  const line = firstLine(command, args)
  return /\d+\.\d+(\.\d+)?/.exec(line)?.[0] ?? line
}

/** dash does not tell its version; on a Debian the package does. */
function shellVersion(): string {
  const path = realpathSync('/bin/sh')
  const name = path.slice(path.lastIndexOf('/') + 1)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format of dpkg-query
  const version = name === 'dash' ? firstLine('dpkg-query', ['-W', '-f', '${Version}', 'dash']) : ''
  return version === '' ? path : `${name} ${version}`
}

/** The file system of a directory, and whether its disk turns, where the kernel tells. */
function diskOf(directory: string): string {
  try {
    const { dev } = statSync(directory)
    const number = `${Math.floor(dev / 256)}:${dev % 256}`
    const mount = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .findLast((line) => line.split(' ')[2] === number)
    const fileSystem = /- (\S+)/.exec(mount ?? '')?.[1] ?? 'an unknown file system'
    return `${fileSystem}${turns(number)}`
  } catch {
    return 'an unknown disk'
  }
}

/** Nothing for a virtual disk, which says of itself what it likes. */
function turns(number: string): string {
  try {
    const at = realpathSync(`/sys/dev/block/${number}`)
    if (at.includes('/virtio')) return ' on a virtual disk'
    const places = [`${at}/queue/rotational`, `${at}/../queue/rotational`]
    const answer = places.map(contentOf).find((text) => text !== undefined)
    return answer === undefined ? '' : answer === '0' ? ' on a solid-state disk' : ' on a disk that turns'
  } catch {
    return '' // not on a disk: in memory, say
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}

function firstLine(command: string, args: readonly string[]): string {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return (stdout ?? '').split('\n')[0]?.trim() ?? ''
}
