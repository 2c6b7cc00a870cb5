/**
 * `cron-mission install` and `uninstall`: the one line of the user's crontab that starts everything.
 *
 * What will change is shown first, and written when a person says yes. Only our own line is ever touched: what else is in
 * the crontab stays byte for byte as it is.
 */

import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { styleText } from 'node:util'
import { Complaint, EXIT } from '../../../exit.ts'
import { type CrontabChange, withoutTickLine, withTickLine } from '../../../schedule/crontab/crontab-change.ts'
import { type CrontabLine, readCrontab, variablesAbove, writeCrontab } from '../../../schedule/crontab/crontab-text.ts'
import { isSame, ownCall } from '../../../schedule/crontab/own-call.ts'
import { systemdUnits } from '../../../schedule/crontab/systemd-units.ts'
import { type TickCall, type TickLine, tickLines, tickLineText } from '../../../schedule/crontab/tick-line.ts'
import { readUserCrontab, writeUserCrontab } from '../../../schedule/crontab/user-crontab.ts'
import { confirm } from '../../confirm.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { complain } from './schedule.ts'
import { type ScheduleFlags, schedulePath } from './schedule-path.ts'

export interface UninstallFlags {
  readonly directory?: string | undefined
  readonly yes?: boolean | undefined
  readonly json?: boolean | undefined
}

export interface InstallFlags extends UninstallFlags, ScheduleFlags {
  readonly url?: string | undefined
  readonly print?: boolean | undefined
  readonly systemd?: boolean | undefined
}

const SENDMAIL = ['/usr/sbin/sendmail', '/usr/lib/sendmail']

/** The crontab, and which of its lines run the ticks of this project. */
interface Crontab {
  readonly bytes: Buffer
  readonly lines: readonly CrontabLine[]
  readonly ours: readonly TickLine[]
  readonly byHand: readonly TickLine[]
}

export async function install(flags: InstallFlags, settings: Settings): Promise<number> {
  if (flags.url !== undefined) {
    throw new Complaint(
      EXIT.usage,
      'A crontab can be read in the list of processes, so --url does not go there. Write QUEUE_URL into the file .env of the project.',
    )
  }
  const schedule = schedulePath(flags, settings)
  const call = { ...callHere(flags, settings), schedule: flags.schedule === undefined ? undefined : schedule }
  if (flags.systemd) return printUnits(call, flags)
  const text = tickLineText(call)
  if (flags.print) return printLine(text, flags)

  const crontab = await readOwn(call.directory)
  const change = withTickLine(crontab.lines, crontab.ours, text)
  if (!flags.json) for (const line of crontab.byHand) process.stdout.write(`${byHandSentence(line)}\n`)
  if (call.command.includes('/_npx/')) complain(`${call.command} is in a cache that npm may empty. ${INSTALL_FIRST}`)
  const written = await carryOut(change, crontab, flags, 'The line is there already; nothing is to be done.')
  if (flags.json) {
    const byHand = crontab.byHand.map(({ line }) => line.text)
    print({ ...facts(change), line: text, directory: call.directory, written, byHand, mailTo: mailTo(change) })
  } else if (written) {
    process.stdout.write(`${mailSentence(mailTo(change))}\n"cron-mission doctor" says whether it works.\n`)
  }
  return EXIT.ok
}

export async function uninstall(flags: UninstallFlags, settings: Settings): Promise<number> {
  const { directory } = callHere(flags, settings)
  const crontab = await readOwn(directory)
  const change = withoutTickLine(crontab.lines, crontab.ours)
  const written = await carryOut(change, crontab, flags, `There is no line of cron-mission for ${directory}.`)
  const byHand = crontab.byHand.map(({ line }) => line.text)
  if (flags.json) print({ ...facts(change), directory, written, byHand })
  else for (const line of byHand) process.stdout.write(`This line was written by hand and stays: ${line}\n`)
  return EXIT.ok
}

const INSTALL_FIRST = 'Install it in the project: npm install cron-mission.'

function callHere(flags: UninstallFlags, { directory }: Settings): TickCall {
  return ownCall({
    directory,
    shellDirectory: flags.directory === undefined ? process.env.PWD : undefined,
    node: process.execPath,
    script: process.argv[1] ?? '',
  })
}

async function readOwn(directory: string): Promise<Crontab> {
  const bytes = await readUserCrontab()
  if (bytes === undefined) {
    throw new Complaint(
      EXIT.badConfig,
      'There is no program "crontab" on this machine. Let systemd run the ticks ("cron-mission install --systemd" prints a service and its timer), or in a container "cron-mission daemon".',
    )
  }
  const lines = readCrontab(bytes)
  const here = tickLines(lines, userInfo().homedir).filter(
    (line) => line.directory === directory || isSame(line.directory, directory),
  )
  const ours = here.filter(({ isOurs }) => isOurs)
  return { bytes, lines, ours, byHand: here.filter(({ isOurs }) => !isOurs) }
}

/** @returns whether the crontab was written */
async function carryOut(
  change: CrontabChange,
  crontab: Crontab,
  flags: UninstallFlags,
  nothing: string,
): Promise<boolean> {
  if (change.kind === 'none') {
    if (!flags.json) process.stdout.write(`${nothing}\n`)
    return false
  }
  if (!flags.json) process.stdout.write(difference(change))
  const isAgreed = flags.yes === true ? true : flags.json ? undefined : await confirm('Write it?')
  if (isAgreed === undefined) {
    throw new Complaint(EXIT.usage, 'There is no terminal to ask at, so nothing was written. Give --yes to write it.')
  }
  if (!isAgreed) {
    process.stdout.write('Nothing was written.\n')
    return false
  }
  await writeGuarded(change, crontab)
  if (!flags.json) process.stdout.write('Written.\n')
  return true
}

/** An editor may have been open meanwhile; and what was written is looked at, because cron's own word is all we have. */
async function writeGuarded({ lines }: CrontabChange, { bytes }: Crontab): Promise<void> {
  const again = 'The crontab was changed by somebody else in the meantime. Look at it with "crontab -l", and try again.'
  if (!(await readUserCrontab())?.equals(bytes)) throw new Complaint(EXIT.busy, again)
  const wanted = writeCrontab(lines)
  await writeUserCrontab(wanted)
  // Some put a heading before what they were given.
  if (!(await readUserCrontab())?.includes(wanted)) throw new Complaint(EXIT.busy, again)
}

function difference({ lines, removed, added }: CrontabChange): string {
  const marked = [
    ...removed.map(({ text }) => styleText('red', `- ${text}`, { stream: process.stdout })),
    ...added.map(({ text }) => styleText('green', `+ ${text}`, { stream: process.stdout })),
  ]
  const others = lines.length - added.length
  const rest =
    others === 0 ? '' : `  (${others} other ${others === 1 ? 'line stays as it is' : 'lines stay as they are'})\n`
  return `The crontab of ${userInfo().username}:\n${marked.map((line) => `${line}\n`).join('')}${rest}`
}

function byHandSentence({ line: { text } }: TickLine): string {
  return `This line runs the same ticks, by hand: ${text}\nTwo ticks of a minute start nothing twice, but one is enough: remove it with "crontab -e".`
}

/** The user or address that cron mails what a job prints; empty for nobody. */
function mailTo({ lines, added }: CrontabChange): string {
  const [line] = added
  return (line && variablesAbove(lines, line).get('MAILTO')) ?? userInfo().username
}

function mailSentence(address: string): string {
  if (address === '') return 'MAILTO is empty, so nobody hears of trouble but the logs: set it with "crontab -e".'
  const hasMail = SENDMAIL.some((path) => existsSync(path))
  const nobody = ' There is no sendmail on this machine, though: the logs tell the same.'
  return `When something is wrong, cron mails it to ${address}.${hasMail ? '' : nobody}`
}

function printLine(text: string, { json }: InstallFlags): number {
  if (json) print({ line: text })
  else process.stdout.write(`${text}\n`)
  return EXIT.ok
}

function printUnits(call: TickCall, { json }: InstallFlags): number {
  const units = systemdUnits(call, userInfo().username)
  const { name, service, timer } = units
  if (json) print({ ...units })
  else {
    process.stdout.write(`# /etc/systemd/system/${name}.service\n${service}\n# /etc/systemd/system/${name}.timer\n${timer}
# Then: systemctl daemon-reload && systemctl enable --now ${name}.timer
# A service that runs "cron-mission daemon" instead, with Restart=always and KillMode=process, also puts back within a
# second the workers that must always be running.
`)
  }
  return EXIT.ok
}

function facts({ kind, removed, added }: CrontabChange) {
  return { change: kind, removed: removed.map(({ text }) => text), added: added.map(({ text }) => text) }
}

function print(object: Readonly<Record<string, unknown>>): void {
  printJson(object)
}
