/** `queuectl why`: why a task has not run, or ended as it did: one sentence, then the facts. */

import { readableLine } from '../../../ctl/readable.ts'
import { parseTaskId } from '../../../ctl/task-ids.ts'
import { gatherEvidence } from '../../../ctl/why/evidence.ts'
import { explain, explainUnknown } from '../../../ctl/why/explain.ts'
import type { Explanation } from '../../../ctl/why/explanation.ts'
import { EXIT } from '../../../exit.ts'
import { isGone } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { idRange } from '../../../queue/store/ahead.ts'
import { explanationText } from '../../explanation-text.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'
import { plannedPerKey } from './planned-per-key.ts'
import { lookAround } from './why-surroundings.ts'

export interface WhyFlags {
  readonly id: string
  readonly json?: boolean | undefined
}

const LONGEST_LINE = 2_000

/** @returns bad data when there is no such task */
export async function why(flags: WhyFlags, settings: Settings): Promise<number> {
  const id = parseTaskId(flags.id)
  const explanation = await withTasks(settings, (db) => explainTask(db, id, settings))
  const isUnknown = explanation.case === 'unknown-id'
  if (flags.json === true) printJson(facts(id, explanation))
  else {
    const stream = isUnknown ? process.stderr : process.stdout
    stream.write(explanationText(forPerson(explanation), stream))
  }
  return isUnknown ? EXIT.badData : EXIT.ok
}

export async function explainTask(db: Driver, id: number, settings: Settings): Promise<Explanation> {
  const planned = (queue: string) => plannedPerKey(settings, queue)
  const evidence = await gatherEvidence(db, id, isGone, planned)
  if (evidence === undefined) return explainUnknown(id, await idRange(db))
  const explanation = explain(evidence, await lookAround(db, evidence, settings))
  const { blocker } = evidence
  if (explanation.case !== 'key-busy' || blocker?.state !== 'ready') return explanation
  // It is the first of its key, so what it waits for is nothing of the same key.
  const first = await gatherEvidence(db, blocker.id, isGone, planned)
  if (first === undefined || first.blocker !== undefined) return explanation
  const { sentence } = explain(first, await lookAround(db, first, settings))
  return { ...explanation, facts: [...explanation.facts, ['that one', sentence]] }
}

/** For a terminal; the command to type next is the last of the facts. Names of queues and hosts are texts from rows, too. */
function forPerson({ sentence, facts, next }: Explanation) {
  const all = next === undefined ? facts : [...facts, [next.what, next.command] as const]
  const line = (text: string) => readableLine(text, LONGEST_LINE)
  return { sentence: line(sentence), facts: all.map(([label, value]) => [line(label), line(value)] as const) }
}

function facts(id: number, { case: kind, sentence, facts, next }: Explanation) {
  return {
    id,
    case: kind,
    sentence,
    facts: facts.map(([label, value]) => ({ label, value })),
    next: next?.command ?? null,
  }
}
