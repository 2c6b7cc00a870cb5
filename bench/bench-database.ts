/** The database of a bench on a server that was started for it. */
import { openDriver } from '../src/queue/url.ts'

/** @param server  the URL of the server, without a database of ours */
export async function createDatabase(server: string): Promise<void> {
  const administration = await openDriver(server, '/')
  await administration.run('CREATE DATABASE bench')
  await administration.close()
}
