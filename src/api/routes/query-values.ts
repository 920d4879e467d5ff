/** What an address has behind its question mark: each name at most once. */
import { GatewayError } from '../../chat/error.ts'

export type Query = Readonly<Record<string, unknown>>

/** Throws a GatewayError where it is there twice. */
export function textIn(query: Query, name: string): string | undefined {
  const value = query[name]
  if (value === undefined || typeof value === 'string') return value
  throw wrong(name, 'is given twice')
}

/** Whole, and none below zero. Throws a GatewayError for anything else. */
export function numberIn(query: Query, name: string): number | undefined {
  const text = textIn(query, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (text !== '' && Number.isSafeInteger(value) && value >= 0) return value
  throw wrong(name, 'is a whole number that is not negative')
}

/** A day (UTC). Throws a GatewayError for anything else. */
export function dayIn(query: Query, name: string): string | undefined {
  const text = textIn(query, name)
  if (text === undefined || (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)))) return text
  throw wrong(name, 'is a day such as 2027-01-31')
}

/** One that is there alone counts as yes. */
export function flagIn(query: Query, name: string): boolean {
  const text = textIn(query, name)
  return text !== undefined && text !== 'false' && text !== '0'
}

function wrong(name: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `${name} ${what}.`, { param: name })
}
