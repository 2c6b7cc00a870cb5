/**
 * What a MySQL client asks on one connection, read from its bytes: whole packets, each with the SQL that it is about.
 *
 * A packet is a length of three bytes, a number, and the payload; a request has the number 0 and begins with its command.
 */

export interface Request {
  readonly packet: Buffer
  /** Also of an execution, which bears the number of its statement alone. */
  readonly sql: string | undefined
}

const HEADER = 4
const QUERY = 0x03
const PREPARE = 0x16
const EXECUTE = 0x17

export class RequestReader {
  readonly #statements = new Map<number, string>()
  #rest = Buffer.alloc(0)
  #preparing: string | undefined

  requests(bytes: Buffer): Request[] {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const requests: Request[] = []
    while (this.#rest.length >= HEADER && this.#rest.length >= HEADER + this.#rest.readUIntLE(0, 3)) {
      const packet = this.#rest.subarray(0, HEADER + this.#rest.readUIntLE(0, 3))
      this.#rest = this.#rest.subarray(packet.length)
      requests.push({ packet, sql: this.#sqlOf(packet) })
    }
    return requests
  }

  /** The answer to a preparation brings the number of the statement. */
  reply(bytes: Buffer): void {
    if (this.#preparing !== undefined && bytes[HEADER] === 0)
      this.#statements.set(bytes.readUInt32LE(HEADER + 1), this.#preparing)
    this.#preparing = undefined
  }

  #sqlOf(packet: Buffer): string | undefined {
    const isRequest = packet[3] === 0 && packet.length > HEADER
    const command = isRequest ? packet[HEADER] : undefined
    const text = packet.toString('utf8', HEADER + 1)
    switch (command) {
      case QUERY:
        return text
      case PREPARE:
        this.#preparing = text
        return undefined
      case EXECUTE:
        return this.#statements.get(packet.readUInt32LE(HEADER + 1))
      default:
        return undefined
    }
  }
}
