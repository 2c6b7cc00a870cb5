/**
 * Which files of the build a command loaded, told by V8's own coverage.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { BinName, Ended } from '../helpers/processes.ts'
import type { QueueProject } from './queue-project.ts'

export interface Watched extends Pick<Ended, 'code' | 'stdout' | 'stderr'> {
  /** Within dist/, in the order of the alphabet; without dist/vendor/. */
  readonly files: readonly string[]
}

export async function watched(project: QueueProject, name: BinName, args: readonly string[] = []): Promise<Watched> {
  const directory = project.path('coverage')
  const { code, stdout, stderr } = await project.start(name, args, { env: { NODE_V8_COVERAGE: directory } }).exited
  const urls = readdirSync(directory).flatMap((file): string[] => {
    const { result } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as { result: { url: string }[] }
    return result.map(({ url }) => url)
  })
  rmSync(directory, { recursive: true })
  const files = urls.flatMap((url) => /\/dist\/((?!vendor\/).*)$/.exec(url)?.[1] ?? [])
  return { code, stdout, stderr, files: [...new Set(files)].toSorted() }
}
