/**
 * Findings as a person reads them: the problems first, a line each, and what they come to.
 */

import { styleText } from 'node:util'
import { ifAny } from '../amount.ts'
import type { Finding } from './finding.ts'

/** A screen is full with as many of one kind; the others are in the JSON. */
const MOST_OF_A_CHECK = 10
const LABEL_WIDTH = 'problem'.length

/** The problems first, and each sentence once: two checks may find the same. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings
    .filter((one, i) => findings.findIndex(({ sentence }) => sentence === one.sentence) === i)
    .toSorted((a, b) => Number(a.level === 'note') - Number(b.level === 'note'))
}

export function problemsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ level }) => level === 'problem')
}

/**
 * @param findings  in order
 * @param healthy   what is said when there are none
 * @param fold      breaks a text for the terminal, its later lines indented
 */
export function findingsText(
  findings: readonly Finding[],
  healthy: string,
  stream: NodeJS.WriteStream,
  fold: (text: string, indent: number) => string = (text) => text,
): string {
  if (findings.length === 0) return `${healthy}\n`
  const lineOf = ({ check, level }: Finding, sentence: string) => {
    const label = styleText(level === 'problem' ? 'red' : 'yellow', level.padEnd(LABEL_WIDTH), { stream })
    return `${label}  ${fold(`${check}: ${sentence}`, LABEL_WIDTH + 2)}\n`
  }
  const kinds = Map.groupBy(findings, ({ check, level }) => `${level} ${check}`)
  const lines = [...kinds.values()].flatMap((alike) => [
    ...alike.slice(0, MOST_OF_A_CHECK).map((finding) => lineOf(finding, finding.sentence)),
    ...alike
      .slice(MOST_OF_A_CHECK, MOST_OF_A_CHECK + 1)
      .map((finding) => lineOf(finding, `${alike.length - MOST_OF_A_CHECK} more like these, which --json has.`)),
  ])
  const problems = problemsOf(findings).length
  const counts = [...ifAny(problems, 'problem'), ...ifAny(findings.length - problems, 'note')]
  return `${lines.join('')}${counts.join(', ')}.\n`
}
