// Reads its parameter, and serves many tasks.
import { createInterface } from 'node:readline'

for await (const line of createInterface({ input: process.stdin })) {
  const { id, param } = JSON.parse(line)
  const exit = Number(new URLSearchParams(param).get('uid')) > 0 ? 0 : 1
  process.stdout.write(`${JSON.stringify({ id, exit })}\n`)
}
