/** Why a database does not serve, in words for people. What the client library says may hold the whole address; this does not. */
import { UncertainChange } from '../documents.ts'

const WHY: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  ENOENT: 'a socket or a file that the URL names is not there',
  ENOTFOUND: 'its name has no address here',
  EAI_AGAIN: 'its name has no address here',
  ETIMEDOUT: 'nothing came in time',
  EHOSTUNREACH: 'there is no way to it',
  '28P01': 'it refuses the user or the password',
  '28000': 'it refuses this user from here (pg_hba.conf)',
  '3D000': 'it has no such database',
  '42501': 'the user lacks a right',
  '53300': 'it has no connection left',
  '53100': 'its disk is full',
  '55P03': 'others hold the lock for too long',
  '57014': 'a question took it too long',
  '57P01': 'it was shut down',
  '57P03': 'it is starting or stopping',
  '42P01': 'the tables are not there: a replica makes them when it starts',
  '25006': 'it is read-only, such as a standby',
}

export function plainFault(error: unknown): string {
  const outer: unknown = error instanceof UncertainChange ? error.cause : error
  const inner: unknown = outer instanceof AggregateError ? outer.errors[0] : outer
  if (!(inner instanceof Error)) return 'it does not answer'
  const code = 'code' in inner ? String(inner.code) : ''
  const known = WHY[code]
  // of the server's own words only those of a right say more than the code: which table or schema
  if (known !== undefined) return code === '42501' ? `${known}: ${inner.message}` : known
  if (/timeout|timed out/i.test(inner.message)) return 'nothing came in time'
  if (/terminated|closed|ended/i.test(inner.message)) return 'the connection was cut'
  if (/SSL|TLS|certificate/i.test(inner.message)) return 'it and this machine agree on no TLS (sslmode of the URL)'
  return code === '' ? 'it does not answer as PostgreSQL does' : `its error is ${code}`
}
