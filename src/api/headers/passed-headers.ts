/** The client's headers that reach an upstream: those that the configuration names, and no others. */
import type { IncomingHttpHeaders } from 'node:http'

export type PassHeaders = (headers: IncomingHttpHeaders) => Record<string, string> | undefined

/** @param names in lower case */
export function createPassHeaders(names: readonly string[]): PassHeaders {
  if (names.length === 0) return () => undefined
  return (headers) => {
    const passed: Record<string, string> = {}
    for (const name of names) {
      const value = headers[name]
      if (value !== undefined) passed[name] = typeof value === 'string' ? value : value.join(', ')
    }
    return passed
  }
}
