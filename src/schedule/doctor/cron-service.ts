/**
 * The cron daemon: whether it runs, and what systemd does to the programs it starts.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, note, problem } from '../../doctor/finding.ts'

export interface CronDaemon {
  readonly pid: number
  /** The systemd unit it runs in, such as `cron.service`. */
  readonly unit: string | undefined
}

/** What systemd says of a unit, or its files do: `KillMode`, `PrivateTmp`, … */
export type UnitSettings = Readonly<Record<string, string>>

const CHECK = 'cron'
const DAEMONS = ['cron', 'crond', 'cronie', 'fcron', 'bcron-sched', 'dcron']
const UNIT_DIRECTORIES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
]
const SETTINGS = ['MemoryDenyWriteExecute', 'PrivateTmp', 'KillMode']

export function cronDaemons(proc = '/proc'): CronDaemon[] {
  const pids = list(proc).map(Number).filter(Number.isInteger)
  return pids.flatMap((pid) => {
    const directory = join(proc, String(pid))
    if (!isCron(directory)) return []
    return [{ pid, unit: /\/([^/\n]*cron[^/\n]*\.service)$/m.exec(read(join(directory, 'cgroup')) ?? '')?.[1] }]
  })
}

/** BusyBox is one program under many names. */
function isCron(directory: string): boolean {
  const name = read(join(directory, 'comm'))?.trim() ?? ''
  if (DAEMONS.includes(name)) return true
  const [, applet = ''] = read(join(directory, 'cmdline'))?.split('\0') ?? []
  return name === 'busybox' && applet === 'crond'
}

/** @param ask  what systemd says of a unit */
export function cronFindings(
  daemons: readonly CronDaemon[],
  hasLine: boolean,
  ask: (unit: string) => UnitSettings = unitSettings,
): Finding[] {
  if (daemons.length === 0) {
    return hasLine
      ? [
          problem(
            CHECK,
            'No cron daemon runs, so no line of a crontab does: start it, for instance with "systemctl enable --now cron".',
          ),
        ]
      : []
  }
  const units = new Set(daemons.flatMap(({ unit }) => unit ?? []))
  return [...units].flatMap((unit) => unitFindings(unit, ask(unit)))
}

function unitFindings(unit: string, settings: UnitSettings): Finding[] {
  const override = (line: string) => `"systemctl edit ${unit}" takes the lines [Service] and ${line}`
  const findings: Finding[] = []
  if (isYes(settings.MemoryDenyWriteExecute)) {
    findings.push(
      problem(
        CHECK,
        `${unit} has MemoryDenyWriteExecute=yes: every Node that cron starts dies at its start, with exit code 133. ${override('MemoryDenyWriteExecute=no')}.`,
      ),
    )
  }
  if ((settings.KillMode ?? 'process') !== 'process') {
    findings.push(
      note(
        CHECK,
        `${unit} has KillMode=${settings.KillMode}: a restart of cron kills the workers, whose programs are then run again. ${override('KillMode=process')}.`,
      ),
    )
  }
  if (isYes(settings.PrivateTmp)) {
    findings.push(note(CHECK, `${unit} has PrivateTmp=yes: the /tmp of task programs is another one than yours.`))
  }
  return findings
}

function unitSettings(unit: string): UnitSettings {
  const properties = SETTINGS.flatMap((name) => ['-p', name])
  const { status, stdout } = spawnSync('systemctl', ['show', unit, ...properties], { encoding: 'utf8' })
  if (status === 0) return readSettings(stdout)
  const texts = [...UNIT_DIRECTORIES].reverse().flatMap((directory) => [
    read(join(directory, unit)) ?? '',
    ...list(join(directory, `${unit}.d`))
      .toSorted()
      .map((name) => read(join(directory, `${unit}.d`, name)) ?? ''),
  ])
  return { KillMode: 'control-group', ...readSettings(texts.join('\n')) }
}

/** The last one counts. */
export function readSettings(text: string): UnitSettings {
  return Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value?.trim()]))
}

/** As systemd reads a switch. */
export function isYes(value: string | undefined): boolean {
  return ['yes', 'true', 'on', '1'].includes(value ?? '')
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
