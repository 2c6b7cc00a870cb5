/**
 * The same ticks by systemd, where there is no crontab: a service and its timer, as text.
 *
 * systemd ends what a service leaves behind, and a tick leaves workers behind: `KillMode=process` spares them. The other
 * way, a tick that stays with `--wait`, would keep the timer from starting the next one for as long as a single worker runs.
 */
import { basename } from 'node:path'
import { searchedFirst, type TickCall } from './tick-line.ts'

export interface SystemdUnits {
  /** Without its ending. */
  readonly name: string
  readonly service: string
  readonly timer: string
}

const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin']

export function systemdUnits({ directory, nodeDirectory, command, schedule }: TickCall, user: string): SystemdUnits {
  const path = new Set([...searchedFirst({ nodeDirectory, command }), ...SYSTEM_PATH])
  const words = [command, ...(schedule === undefined ? [] : ['--schedule', schedule])]
  const project = basename(directory)
    .replaceAll(/[^\w.-]+/g, '-')
    .replace(/-$/, '')
  return {
    name: `cron-mission-${project}`,
    service: `[Unit]
Description=Ticks of ${specifiers(directory)}

[Service]
Type=oneshot
User=${user}
WorkingDirectory=${specifiers(directory)}
Environment=${word(`PATH=${[...path].join(':')}`)}
ExecStart=${words.map((text) => word(text).replaceAll('$', '$$$$')).join(' ')}
# The workers that a tick starts outlive it.
KillMode=process
# Node compiles at run time: MemoryDenyWriteExecute=yes would end it at its start.
MemoryDenyWriteExecute=no
`,
    timer: `[Unit]
Description=A tick of ${specifiers(directory)} every minute

[Timer]
OnCalendar=minutely
AccuracySec=1s

[Install]
WantedBy=timers.target
`,
  }
}

/** One word of a unit file, whatever it holds. */
function word(text: string): string {
  const escaped = specifiers(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  return /^[\w/.:@%=+,-]+$/.test(text) ? escaped : `"${escaped}"`
}

function specifiers(text: string): string {
  return text.replaceAll('%', '%%')
}
