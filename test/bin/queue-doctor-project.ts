/** What the tests of `queuectl doctor` share: asking it, and holding what it found against patterns. */
import assert from 'node:assert/strict'
import type { Finding } from '../../src/doctor/finding.ts'
import type { Ended } from '../helpers/processes.ts'
import type { QueueProject } from './queue-project.ts'

export interface Diagnosis {
  readonly code: number | null
  readonly findings: readonly Finding[]
}

export async function askDoctor(project: QueueProject, args: readonly string[] = []): Promise<Diagnosis> {
  const { code, stdout, stderr } = await runDoctor(project, ['--json', ...args])
  assert.equal(stderr, '')
  const findings = stdout.split('\n').filter((line) => line !== '')
  return { code, findings: findings.map((line) => JSON.parse(line) as Finding) }
}

/** A project with rows of workers has something left, of which `run` would complain. */
export async function runDoctor(project: QueueProject, args: readonly string[]): Promise<Ended> {
  return project.start('queuectl', ['doctor', ...args]).exited
}

/** Each finding as `problem tables: …`; every one has a pattern, every pattern has its one finding. */
export function assertFindings({ findings }: Diagnosis, ...patterns: readonly RegExp[]): void {
  const told = findings.map(({ check, level, sentence }) => `${level} ${check}: ${sentence}`)
  for (const pattern of patterns) {
    const found = told.filter((text) => pattern.test(text))
    assert.equal(found.length, 1, `${pattern} is found ${found.length} times in:\n${told.join('\n')}`)
  }
  const others = told.filter((text) => !patterns.some((pattern) => pattern.test(text)))
  assert.deepEqual(others, [])
}

/** The statements that the findings say mend it. */
export function fixesOf({ findings }: Diagnosis): string[] {
  return findings.flatMap(({ fix }) => fix?.split('; ') ?? [])
}
