/**
 * On which hosts a job may be started.
 */
import type { PlannedJob } from './plan.ts'

export function mayStartOn({ hosts }: Pick<PlannedJob, 'hosts'>, host: string): boolean {
  return typeof hosts === 'string' || hosts.includes(host)
}

/** Whether what a tick of `host` decided holds on `own` as well: a job that every host runs, each decides for itself. */
export function decidesFor({ hosts }: Pick<PlannedJob, 'hosts'>, host: string, own: string): boolean {
  return hosts === 'each' ? host === own : mayStartOn({ hosts }, host)
}
