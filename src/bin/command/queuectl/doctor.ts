/**
 * `queuectl doctor`: what is wrong with the live database and what is in it. Every finding is one sentence that says what to do.
 */

import { type Examination, examine } from '../../../ctl/doctor/examine.ts'
import { damageFinding, type FileBefore, lookAtFile } from '../../../ctl/doctor/file.ts'
import { readableLine } from '../../../ctl/readable.ts'
import { diskFindings, diskOf, unusable, unwritable } from '../../../doctor/directories.ts'
import { type Finding, problem } from '../../../doctor/finding.ts'
import { findingsText, inOrder, problemsOf } from '../../../doctor/report.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { openDriver, parseQueueUrl } from '../../../queue/url.ts'
import { folding } from '../../explanation-text.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { noDatabase } from '../../with-database.ts'
import { doctorSurroundings } from './doctor-surroundings.ts'

export interface DoctorFlags {
  readonly json?: boolean | undefined
}

const DIRECTORY_CHECKS = 4
const LONGEST_SENTENCE = 2_000

/** @returns 1 when there is a problem; notes alone are no reason */
export async function doctor(flags: DoctorFlags, settings: Settings): Promise<number> {
  const { logsDirectory, stateDirectory } = settings
  const { findings, checks } = await examination(settings)
  const all = inOrder([
    ...findings,
    ...unusable('The log directory', 'QUEUE_LOGS', logsDirectory, unwritable(logsDirectory)),
    ...unusable('The state directory', 'QUEUE_STATE', stateDirectory, unwritable(stateDirectory)),
    ...diskFindings('log directory', logsDirectory, diskOf(logsDirectory)),
    ...diskFindings('state directory', stateDirectory, diskOf(stateDirectory)),
  ])
  if (flags.json) printJson(...all)
  else
    process.stdout.write(
      findingsText(
        all.map(readable),
        `All is well: ${checks + DIRECTORY_CHECKS} checks.`,
        process.stdout,
        folding(process.stdout),
      ),
    )
  return problemsOf(all).length === 0 ? EXIT.ok : EXIT.taskFailed
}

/** Names of queues, hosts and programs are in the sentences, and anybody may have made them. */
function readable(finding: Finding): Finding {
  return { ...finding, sentence: readableLine(finding.sentence, LONGEST_SENTENCE) }
}

async function examination(settings: Settings): Promise<Examination> {
  const missing = noDatabase(settings)
  if (missing !== undefined) return { checks: 1, findings: [problem('database', missing.message)] }
  const place = parseQueueUrl(settings.queueUrl, settings.directory)
  const file = place.kind === 'sqlite' ? lookAtFile(place.file) : undefined
  try {
    return await examineOpen(settings, file)
  } catch (error) {
    if (error instanceof Complaint) return { checks: 1, findings: [problem('database', error.message)] }
    const damage = file === undefined ? undefined : damageFinding(file.file, error)
    if (damage === undefined) throw error
    return { checks: 1, findings: [damage] }
  }
}

/** Nothing is migrated here: what the tables are is to be seen. */
async function examineOpen(settings: Settings, file: FileBefore | undefined): Promise<Examination> {
  const { queueUrl, directory } = settings
  const db = await openDriver(queueUrl, directory)
  try {
    const second = await openDriver(queueUrl, directory, undefined, false)
    try {
      const surroundings = doctorSurroundings(settings)
      return await examine({ db, second, file, host: ownIdentity().host, surroundings })
    } finally {
      await second.close()
    }
  } finally {
    await db.close()
  }
}
