/** `queuectl metrics`: what Prometheus reads, on standard output or in a file for the node exporter. */
import { chmodSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readMetrics } from '../../../ctl/stats/metrics.ts'
import { prometheusText } from '../../../ctl/stats/prometheus.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'

export interface MetricsFlags {
  readonly file?: string | undefined
  readonly json?: boolean | undefined
}

/** Another user reads it. */
const READABLE = 0o644

export async function metrics({ file, json }: MetricsFlags, settings: Settings): Promise<number> {
  if (json === true)
    throw new Complaint(
      EXIT.usage,
      'There is no --json here: metrics prints what Prometheus reads. Use "queuectl stats --json".',
    )
  const text = prometheusText(await withTasks(settings, readMetrics))
  if (file === undefined) process.stdout.write(text)
  else writeWhole(resolve(settings.directory, file), text)
  return EXIT.ok
}

/** The node exporter may read at any moment, and finds the old file or the new one. It passes over what does not end in .prom. */
function writeWhole(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}.tmp`
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
      writeFileSync(path, text) // a pipe, or a device: a rename would put a file in the place of /dev/null
    } else {
      writeFileSync(unfinished, text, { flag: 'wx', mode: READABLE })
      chmodSync(unfinished, READABLE) // whatever the umask is
      renameSync(unfinished, path)
    }
  } catch (error) {
    rmSync(unfinished, { force: true })
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new Complaint(
      EXIT.badConfig,
      `The metrics cannot be written into ${path} (${code}). Name a file in a directory that this user may write to.`,
      { cause: error },
    )
  }
}
