/**
 * The languages that benches have programs in, as far as they are on this machine.
 */
import { findProgram, needProgram } from '../test/helpers/server-program.ts'
import { versionOf } from './machine.ts'

export type LanguageName = 'PHP' | 'Node' | 'Python'

export interface Language {
  readonly name: LanguageName
  /** Of its programs: `report.php`. */
  readonly extension: string
  readonly interpreter: string
}

const LANGUAGES: readonly Language[] = [
  { name: 'PHP', extension: 'php', interpreter: 'php' },
  { name: 'Node', extension: 'mjs', interpreter: process.execPath },
  { name: 'Python', extension: 'py', interpreter: 'python3' },
]

/** Of those wanted; of each that is not there one sentence is printed. PHP is installed where that may be. */
export async function languagesHere(wanted: readonly LanguageName[] = ['PHP', 'Node', 'Python']): Promise<Language[]> {
  const here: Language[] = []
  for (const language of LANGUAGES.filter(({ name }) => wanted.includes(name))) {
    const missing = await missingOf(language)
    if (missing === undefined) here.push(language)
    else process.stdout.write(`Programs in ${language.name} are left out: ${missing}\n`)
  }
  return here
}

/** Node's own is in every report. */
export function versionsOf(languages: readonly Language[]): Readonly<Record<string, string>> {
  const others = languages.filter(({ name }) => name !== 'Node')
  return Object.fromEntries(others.map(({ interpreter }) => [interpreter, versionOf(interpreter)]))
}

async function missingOf({ name, interpreter }: Language): Promise<string | undefined> {
  if (name === 'PHP') return needProgram('php')
  return name === 'Node' || findProgram(interpreter) !== undefined ? undefined : `no ${interpreter} was found.`
}
