/**
 * Ticks that systemd starts: its units are found by what they call.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, note, problem } from '../../doctor/finding.ts'
import { isYes, readSettings, type UnitSettings } from './cron-service.ts'

export interface TickUnit {
  readonly name: string
  readonly settings: UnitSettings
}

const CHECK = 'systemd'
const DIRECTORY = '/etc/systemd/system'

/** The services of systemd that run `cron-mission` for a project. */
export function tickUnits(projectDirectory: string, directory = DIRECTORY): TickUnit[] {
  return services(directory).flatMap((name) => {
    const text = read(join(directory, name))
    const { ExecStart = '', ...settings } = readSettings(text)
    const isOurs = /\bcron-mission\b/.test(ExecStart) && text.replaceAll('%%', '%').includes(projectDirectory)
    return isOurs ? [{ name, settings: { ExecStart, ...settings } }] : []
  })
}

export function systemdFindings(units: readonly TickUnit[]): Finding[] {
  return units.flatMap(({ name, settings }) => {
    const { ExecStart = '', KillMode = 'control-group' } = settings
    const findings: Finding[] = []
    if (isYes(settings.MemoryDenyWriteExecute)) {
      findings.push(
        problem(
          CHECK,
          `${name} has MemoryDenyWriteExecute=yes: Node dies at its start, with exit code 133. Take that line out.`,
        ),
      )
    }
    if (/\bdaemon\b/.test(ExecStart)) {
      if (KillMode === 'control-group') {
        findings.push(
          problem(
            CHECK,
            `${name} has KillMode=${KillMode}: workers get the daemon's signal, and a second one from it, which ends their programs. Write KillMode=process.`,
          ),
        )
      }
    } else if (ExecStart.includes('--wait')) {
      findings.push(
        note(
          CHECK,
          `${name} calls --wait, and its timer starts no tick while one is running: a single long worker holds back every other job. KillMode=process without --wait does not.`,
        ),
      )
    } else if (KillMode !== 'process') {
      findings.push(
        problem(
          CHECK,
          `${name} has KillMode=${KillMode}: the workers are killed when the tick that started them leaves. Write KillMode=process.`,
        ),
      )
    }
    return findings
  })
}

function services(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.service'))
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
