/**
 * How this very `cron-mission` is to be called from a bare environment: by paths that still hold after an update.
 *
 * What `npm install` replaces lies behind links that stay: a link in `node_modules/.bin`, or one in `/usr/local/bin`. Where
 * such a link leads to what runs us now it is taken, and the real path only where there is none.
 */
import { realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { TickCall } from './tick-line.ts'

export interface OwnProcess {
  /** The project's directory as it was named. */
  readonly directory: string
  /** The shell's own idea of the current directory, which knows links such as `current`. */
  readonly shellDirectory: string | undefined
  readonly node: string
  readonly script: string
}

const SYSTEM_DIRECTORIES = ['/usr/local/bin', '/usr/bin']

export function ownCall({ node, script, ...where }: OwnProcess): TickCall {
  const directory = namedDirectory(where)
  const nodeDirectory = [join(directory, 'node_modules/.bin'), ...SYSTEM_DIRECTORIES].find((path) =>
    isSame(join(path, 'node'), node),
  )
  const links = ['node_modules/.bin/cron-mission', 'node_modules/cron-mission/dist/bin/cron-mission.js']
  const command = links.map((link) => join(directory, link)).find((path) => isSame(path, script))
  return { directory, nodeDirectory: nodeDirectory ?? dirname(node), command: command ?? resolve(script) }
}

/** Whether two paths lead to one thing that is there. */
export function isSame(one: string, other: string): boolean {
  const real = realPath(one)
  return real !== undefined && real === realPath(other)
}

/** After the next deploy `/srv/shop/current` is another directory, which the kernel's name for it does not know. */
function namedDirectory({ directory, shellDirectory }: Pick<OwnProcess, 'directory' | 'shellDirectory'>): string {
  return shellDirectory?.startsWith('/') && isSame(shellDirectory, directory) ? shellDirectory : directory
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
