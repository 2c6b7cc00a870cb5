#!/usr/bin/env node
import type { OpenedQueue } from './command/do-queue-quiet.ts'
import { start } from './start.ts'

/** What the quick part has opened, the whole command goes on with. */
let opened: OpenedQueue | undefined

void start(
  'do-queue',
  async () => {
    try {
      const { main } = await import('./command/do-queue.ts')
      return { main: (args) => main(args, opened) }
    } catch (error) {
      await opened?.db.close()
      throw error
    }
  },
  async () => {
    const { passQuietly } = await import('./command/do-queue-quiet.ts')
    return passQuietly(process.argv.slice(2), (queue) => {
      opened = queue
    })
  },
)
