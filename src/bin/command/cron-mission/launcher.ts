/**
 * How the commands of `cron-mission` start a `do-queue`.
 */
import { realpathSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import type { Launcher } from '../../../schedule/tick/launch.ts'
import type { Settings } from '../../settings.ts'
import type { Logs } from './logs.ts'

/** @param wait  the command stays until its workers have ended */
export function launcher(settings: Settings, logs: Logs, wait: boolean): Launcher {
  return {
    doQueue: siblingCommand('do-queue'),
    directory: settings.directory,
    environment: { ...process.env, QUEUE_URL: settings.queueUrl },
    logDescriptor: () => logs.worker.today.fd,
    wait,
  }
}

/** The commands stand side by side, in the build and in the sources. */
function siblingCommand(name: string): string {
  const own = realpathSync(process.argv[1] ?? '')
  return join(dirname(own), `${name}${extname(own)}`)
}
