/** What one request may hold, and how much, checked before anything is made of it. */
import { GatewayError } from '../../chat/error.ts'
import { endlessAt } from '../../runtime/json/json.ts'

export interface RequestBounds {
  /** Levels of JSON. */
  json_depth: number
  messages: number
  tools: number
}

/**
 * Throws a GatewayError that names the bound and its place in the configuration, or a key that no body may have.
 * @returns true where an integer may have been rounded when the body was parsed: a double holds fewer digits
 */
export function checkBounds(body: unknown, bounds: RequestBounds): boolean {
  if (typeof body !== 'object' || body === null) return false
  const seen = { isRounded: false }
  if (isDeeper(body, bounds.json_depth, seen)) {
    throw refused(`is nested deeper than ${bounds.json_depth} levels`, 'json_depth', null)
  }
  checkCounts(body, bounds)
  return seen.isRounded
}

/** The part of it that counts: throws a GatewayError where a list has too many items. */
export function checkCounts(body: object, bounds: RequestBounds): void {
  for (const list of ['messages', 'tools'] as const) {
    const items: unknown = Reflect.get(body, list)
    if (Array.isArray(items) && items.length > bounds[list])
      throw refused(`has ${items.length} ${list}; this server takes ${bounds[list]}`, list, list)
  }
}

function refused(what: string, bound: string, param: string | null): GatewayError {
  return new GatewayError('invalid_request', `The request body ${what} (server.bounds.${bound}).`, { param })
}

/** Copied into another object, it would change what every object inherits. */
function poison(key: string): GatewayError {
  return new GatewayError('invalid_request', `The request body has a key "${key}", which is not taken.`)
}

/** Level by level, without recursion: what is too deep for it must not be too deep for the one who looks. */
function isDeeper(root: object, most: number, seen: { isRounded: boolean }): boolean {
  let level: object[] = [root]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > most) return true
    const next: object[] = []
    for (const value of level) {
      if (Array.isArray(value)) {
        for (const item of value as unknown[]) {
          if (typeof item === 'object' && item !== null) next.push(item)
          else if (typeof item === 'number' && isRounded(item)) seen.isRounded = true
        }
      } else {
        for (const key in value) {
          const item = (value as Record<string, unknown>)[key]
          if (key === '__proto__') throw poison(key)
          if (typeof item === 'number' && isRounded(item)) seen.isRounded = true
          if (typeof item !== 'object' || item === null) continue
          if (key === 'constructor' && Object.hasOwn(item, 'prototype')) throw poison(key)
          next.push(item)
        }
      }
    }
    level = next
  }
  return false
}

/** Throws a GatewayError for a number that no double holds: written again it would be `null`. */
export function checkFinite(body: unknown): void {
  const key = endlessAt(body)
  if (key === undefined) return
  const where = JSON.stringify(key.slice(0, 100))
  throw new GatewayError(
    'invalid_request',
    `The request body has a number at ${where} that is beyond what a double holds (1.8e308).`,
  )
}

/** Every integer up to here is a double of its own. */
function isRounded(value: number): boolean {
  return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER
}
