/** A question to the person at the terminal, before something is changed. */
import { createInterface } from 'node:readline/promises'
import { Complaint, EXIT } from '../exit.ts'

/** @returns whether the answer was yes; undefined where there is nobody to ask */
export async function confirm(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const given = new AbortController()
  terminal.on('close', () => given.abort()) // Ctrl-D, Ctrl-C
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal: given.signal })).trim())
  } catch {
    process.stderr.write('\n')
    return false
  } finally {
    terminal.close()
  }
}

/** @throws Complaint (usage) where there is nobody to ask: who means it there says --yes */
export async function confirmOrRefuse(question: string): Promise<boolean> {
  const answer = await confirm(question)
  if (answer !== undefined) return answer
  throw new Complaint(EXIT.usage, 'There is no terminal to ask at. Look with --dry-run, then give --yes.')
}
