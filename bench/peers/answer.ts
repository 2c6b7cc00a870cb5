/**
 * What every client of a peer does with its standard input: a line is a verb and its words, and gets one line back.
 *
 *     await answer({ enqueue: (count) => … })
 */
import { createInterface } from 'node:readline'

type Verb = (...words: string[]) => Promise<unknown>

/** Until its input ends; then the process does. What a verb resolves to is the answer. */
export async function answer(verbs: Readonly<Record<string, Verb>>): Promise<never> {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name = '', ...words] = line.split(' ')
    const verb = verbs[name]
    if (verb === undefined) throw new Error(`There is no verb ${name}.`)
    process.stdout.write(`${(await verb(...words)) ?? 'ok'}\n`)
  }
  process.exit(0)
}

/** How long adding took, in milliseconds. */
export async function timed(add: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await add()
  return performance.now() - startedAt
}

/** When adding began, in nanoseconds of the clock that all processes of a machine share, and how many milliseconds it took. */
export async function momentOf(add: () => unknown): Promise<string> {
  const moment = process.hrtime.bigint()
  const startedAt = performance.now()
  await add()
  return `${moment} ${performance.now() - startedAt}`
}

/** The parameters of as many tasks. */
export function params(count: string | undefined): string[] {
  return Array.from({ length: Number(count) }, (_, i) => `uid=${i + 1}`)
}
