/**
 * A TCP proxy in front of a MySQL server, to do to its connections what networks do: delay, cut, refuse, fall silent.
 *
 *     const proxy = await startProxy(t, server.url)
 *     proxy.url                            // the server's URL, by way of the proxy
 *     await proxy.loseReply('UPDATE queue') // resolves when it has happened
 *
 * It reads along, since the text of a prepared statement travels once and its executions bear a number only.
 */
import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { afterwards } from './cleanup.ts'
import { RequestReader } from './mysql-requests.ts'

export interface DatabaseProxy {
  /** The server's URL with the proxy's address in it. */
  readonly url: string
  /** Connections that go through now. */
  readonly connections: number
  /** Every request and every reply arrives so much later, until `heal`. */
  delay(ms: number): void
  /** Ends the connections there are, with a reset. */
  cut(): void
  /** Nobody listens any more; what is connected stays. */
  refuse(): Promise<void>
  /** Swallows what goes that way, on every connection, new ones included. */
  halfOpen(way: Way): void
  /** Swallows everything, both ways. */
  silence(): void
  /** A firewall that has forgotten the connections there are: they never pass anything again, and do not end. */
  forget(): void
  /** The next request that contains the text never arrives, and its connection is cut. Resolves when that has happened. */
  loseRequest(text: string): Promise<void>
  /** The next request that contains the text is done; its answer is swallowed, and the connection cut. */
  loseReply(text: string): Promise<void>
  /** New connections, and those that lost nothing, are as good as without a proxy. */
  heal(): Promise<void>
}

export type Way = 'requests' | 'replies'

interface Weather {
  delayMs: number
  readonly swallowed: Set<Way>
  trap: Trap | undefined
}

interface Trap {
  readonly way: Way
  readonly text: string
  readonly sprung: () => void
}

/** @param serverUrl  `mysql://user@host:port/database` */
export async function startProxy(t: TestContext, serverUrl: string): Promise<DatabaseProxy> {
  const target = new URL(serverUrl)
  const weather: Weather = { delayMs: 0, swallowed: new Set(), trap: undefined }
  const links = new Set<Link>()
  const server = createServer((client) => {
    const link = new Link(client, createConnection(Number(target.port), target.hostname), weather)
    links.add(link)
    link.onEnd(() => links.delete(link))
  })
  const cut = () => {
    for (const link of links) link.cut()
  }
  await listen(server, 0)
  const { port } = server.address() as { port: number }
  afterwards(t, async () => {
    cut()
    if (server.listening) await close(server)
  })

  const url = new URL(serverUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  const trap = (way: Way, text: string) =>
    new Promise<void>((resolve) => {
      weather.trap = { way, text, sprung: resolve }
    })
  return {
    url: url.href,
    get connections() {
      return links.size
    },
    delay(ms) {
      weather.delayMs = ms
    },
    cut,
    refuse: () => close(server),
    halfOpen(way) {
      weather.swallowed.add(way)
    },
    silence() {
      weather.swallowed.add('requests').add('replies')
    },
    forget() {
      for (const link of links) link.forget()
    },
    loseRequest: (text) => trap('requests', text),
    loseReply: (text) => trap('replies', text),
    async heal() {
      weather.delayMs = 0
      weather.swallowed.clear()
      weather.trap = undefined
      if (!server.listening) await listen(server, port)
    },
  }
}

/** One connection through the proxy. */
class Link {
  readonly #client: Socket
  readonly #server: Socket
  readonly #weather: Weather
  readonly #reader = new RequestReader()
  readonly #broken = new Set<Way>()
  #springing: Trap | undefined
  /** What was sent and has not arrived, in order: nothing overtakes. */
  readonly #underWay: Record<Way, Buffer[]> = { requests: [], replies: [] }

  constructor(client: Socket, server: Socket, weather: Weather) {
    this.#client = client
    this.#server = server
    this.#weather = weather
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => this.cut())
      socket.on('close', () => this.cut())
    }
    client.on('data', (bytes) => this.#request(bytes))
    server.on('data', (bytes) => this.#reply(bytes))
  }

  onEnd(act: () => void): void {
    this.#client.once('close', act)
  }

  /** One that is saying goodbye cannot be reset: its descriptor would stay open, and the process never come to its end. */
  cut(): void {
    for (const socket of [this.#client, this.#server]) {
      if (socket.writableEnded) socket.destroy()
      else if (!socket.destroyed) socket.resetAndDestroy()
    }
  }

  forget(): void {
    this.#broken.add('requests').add('replies')
  }

  #request(bytes: Buffer): void {
    for (const { packet, sql } of this.#reader.requests(bytes)) {
      const trap = this.#weather.trap
      if (trap === undefined || !sql?.includes(trap.text)) {
        this.#pass('requests', this.#server, packet)
        continue
      }
      this.#weather.trap = undefined
      if (trap.way === 'requests') {
        this.#spring(trap)
        return
      }
      this.#springing = trap
      this.#pass('requests', this.#server, packet)
    }
  }

  #reply(bytes: Buffer): void {
    this.#reader.reply(bytes)
    if (this.#springing === undefined) this.#pass('replies', this.#client, bytes)
    else this.#spring(this.#springing)
  }

  #spring({ sprung }: Trap): void {
    this.cut()
    sprung()
  }

  /** What was swallowed is missed for ever: that way stays silent. */
  #pass(way: Way, to: Socket, bytes: Buffer): void {
    if (this.#weather.swallowed.has(way)) this.#broken.add(way)
    if (this.#broken.has(way)) return
    this.#underWay[way].push(bytes)
    const arrive = () => to.destroyed || to.write(this.#underWay[way].shift() as Buffer)
    if (this.#weather.delayMs === 0 && this.#underWay[way].length === 1) arrive()
    else setTimeout(arrive, this.#weather.delayMs)
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

/** Stops listening; connections stay, so there is nothing to wait for. */
async function close(server: Server): Promise<void> {
  server.close()
}
