/**
 * Whoever types a command: by what name the others know them.
 */
import { userInfo } from 'node:os'
import { ownIdentity } from '../host/identity.ts'

/** `root@web-1` */
export function whoAsks(): string {
  return `${userName()}@${ownIdentity().host}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? '?'}` // a container's user need not have a name
  }
}
