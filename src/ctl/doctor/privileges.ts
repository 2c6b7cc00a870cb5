/** What our user may do with our tables. CREATE and ALTER are needed for "queuectl migrate" alone. */
import { type Finding, problem } from '../../doctor/finding.ts'
import type { ServerFacts } from '../../queue/store/examine/server-facts.ts'

export function privilegeFindings({ refused, user, database }: ServerFacts): Finding[] {
  if (refused.size === 0) return []
  const [name = '', host = '%'] = user.split(/@(?=[^@]*$)/)
  const alike = Map.groupBy([...refused], ([, privileges]) => privileges.join(', '))
  const what = [...alike].map(([privileges, tables]) => `${privileges} on ${tables.map(([table]) => table).join(', ')}`)
  const fix = `GRANT SELECT, INSERT, UPDATE, DELETE ON ${quotedName(database)}.* TO ${quoted(name)}@${quoted(host)}`
  return [problem('privileges', `The user ${user} lacks ${what.join('; ')}. As an administrator, run "${fix}".`, fix)]
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function quotedName(name: string): string {
  return /^\w+$/.test(name) ? name : `\`${name.replaceAll('`', '``')}\``
}
