/**
 * What a `cron-mission` sees where it is called: asked by the doctor, from a crontab line and from a person's shell.
 */
import { createHash } from 'node:crypto'
import { realpathSync, writeFileSync } from 'node:fs'
import { bytesText } from '../../../amount.ts'
import { unusable, unwritable, unwritableFile } from '../../../doctor/directories.ts'
import { type Finding, problem } from '../../../doctor/finding.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { isEmbedded, parseQueueUrl } from '../../../queue/url.ts'
import { PROBE_VARIABLE, type Probe } from '../../../schedule/doctor/replay.ts'
import { machineZone, zoneFindings } from '../../../schedule/doctor/zones.ts'
import { formatDuration } from '../../../time/duration.ts'
import { systemZone } from '../../../time/zone.ts'
import type { Settings } from '../../settings.ts'
import { readSchedule } from './schedule.ts'
import type { ScheduleFlags } from './schedule-path.ts'

/** Instead of a tick, when the doctor's variable is there. */
export async function writeProbe(flags: ScheduleFlags, settings: Settings): Promise<number> {
  writeFileSync(process.env[PROBE_VARIABLE] ?? '', JSON.stringify(await probe(flags, settings)), { mode: 0o600 })
  return EXIT.ok
}

export async function probe(flags: ScheduleFlags, settings: Settings): Promise<Probe> {
  return {
    node: process.versions.node,
    script: realpathSync(process.argv[1] ?? ''),
    directory: settings.directory,
    path: process.env.PATH ?? '',
    zone: systemZone(),
    settings: settingTexts(settings),
    databaseTag: createHash('sha256').update(settings.queueUrl).digest('hex'),
    findings: [
      ...zoneFindings({ variable: process.env.TZ, node: systemZone(), machine: machineZone() }, Date.now()),
      ...writingFindings(settings),
      ...(await scheduleFindings(flags, settings)),
    ],
  }
}

function settingTexts(settings: Settings): Record<string, string> {
  const { tasksDirectory, logsDirectory, stateDirectory, timezone, logFormat, retry, crash, timeoutMs, warmLimits } =
    settings
  return {
    QUEUE_URL: settings.queueUrl.replace(/:[^:@/]*@/, ':***@'),
    QUEUE_TASKS: tasksDirectory,
    QUEUE_LOGS: logsDirectory,
    QUEUE_STATE: stateDirectory,
    QUEUE_TIMEZONE: timezone,
    QUEUE_LOG_FORMAT: logFormat,
    QUEUE_RETRY: retry,
    QUEUE_CRASH: crash,
    QUEUE_TIMEOUT: timeoutMs === undefined ? 'no limit' : formatDuration(timeoutMs),
    QUEUE_GRACE: formatDuration(settings.graceMs),
    QUEUE_WARM_TASKS: String(warmLimits.tasks),
    QUEUE_WARM_AGE: formatDuration(warmLimits.ageMs),
    QUEUE_WARM_MEMORY: bytesText(warmLimits.memoryBytes),
  }
}

function writingFindings({ logsDirectory, stateDirectory, queueUrl, directory }: Settings): Finding[] {
  return [
    ...unusable('The log directory', 'QUEUE_LOGS', logsDirectory, unwritable(logsDirectory)),
    ...unusable('The state directory', 'QUEUE_STATE', stateDirectory, unwritable(stateDirectory)),
    ...databaseFiles(queueUrl, directory).flatMap((file) =>
      unusable('The database', 'QUEUE_URL', file, unwritableFile(file)),
    ),
  ]
}

/** A database that is a file; what is wrong with the address, opening it will say. */
function databaseFiles(url: string, directory: string): string[] {
  if (!isEmbedded(url)) return []
  try {
    const place = parseQueueUrl(url, directory)
    return place.kind === 'sqlite' ? [place.file] : []
  } catch {
    return []
  }
}

async function scheduleFindings(flags: ScheduleFlags, settings: Settings): Promise<Finding[]> {
  try {
    const { problems } = await readSchedule(flags, settings)
    return problems.map(({ sentence }) => problem('schedule', sentence))
  } catch (error) {
    if (error instanceof Complaint) return [problem('schedule', error.message)]
    throw error
  }
}
