/**
 * A process that answers lines: one line in, one line out.
 *
 * It sees the end of its input when this process ends, however that happens, and leaves.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Command } from './worker.ts'

export class Client {
  readonly #child: ChildProcess
  readonly #name: string
  readonly #waiting: { readonly resolve: (line: string) => void; readonly reject: (error: Error) => void }[] = []
  #complaints = ''
  #end: Error | undefined

  constructor({ command, directory, environment }: Command) {
    this.#name = command.join(' ')
    this.#child = spawn(command[0] as string, command.slice(1), { cwd: directory, env: { ...environment } })
    const { stdin, stdout, stderr } = this.#child
    if (stdin === null || stdout === null || stderr === null) throw new Error(`${this.#name} has no pipes.`)
    stdin.on('error', () => {}) // it has ended, which is told below
    stderr.on('data', (bytes: Buffer) => {
      this.#complaints += bytes.toString()
    })
    createInterface({ input: stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line))
    this.#child.once('error', (error) => this.#ended(error.message))
    this.#child.once('close', (code, signal) => this.#ended(`ended with ${signal ?? code}`))
  }

  /** @throws an Error with its last words when it has ended */
  ask(question: string): Promise<string> {
    if (this.#end !== undefined) return Promise.reject(this.#end)
    this.#child.stdin?.write(`${question}\n`)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** The answer's numbers. */
  async numbers(question: string): Promise<number[]> {
    const answer = await this.ask(question)
    const numbers = answer.split(' ').map(Number)
    if (numbers.some(Number.isNaN)) throw new Error(`${this.#name} answered ${question} with ${answer}.`)
    return numbers
  }

  async close(): Promise<void> {
    if (this.#end !== undefined) return
    const closed = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.stdin?.end()
    const tooLate = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await closed
    clearTimeout(tooLate)
  }

  #ended(how: string): void {
    this.#end = new Error(`${this.#name} ${how}.\n${this.#complaints}`)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end)
  }
}
