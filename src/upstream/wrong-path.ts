/** A 404 or 405 that may be about the path: a base_url that is short of something, or has too much. */
import { GatewayError } from '../chat/error.ts'
import type { Target } from './types.ts'

const NOT_FOUND = 404
const NOT_ALLOWED = 405
/** "Unknown request URL: POST /chat/completions", "Cannot POST /v1/v1/messages", "no Route matched". */
const OF_PATH = /\bPOST \/|\b(?:unknown|invalid) (?:request )?url\b|\bno route\b/i
const OF_MODEL = /\b(models?|deployments?|engines?|endpoints?)\b/i
const VERSION = /\/v\d/i
/** Paths of OpenAI's wire, whose version is in the base_url. */
const BEHIND_VERSION = /^\/(?:chat\/completions|completions|embeddings)$/

/** The same error, with what to look at where it may be the address. @param url that was asked */
export function withPathAdvice(error: GatewayError, status: number, url: string, target: Target): GatewayError {
  if (status !== NOT_FOUND && status !== NOT_ALLOWED) return error
  const { message, kind, type, extra } = error
  const isPath = status === NOT_ALLOWED || error.code === 'unknown_url' || OF_PATH.test(message)
  const isOpen = kind === 'not_found' && !OF_MODEL.test(message) && !names(message, target.model)
  if (!isPath && !isOpen) return error
  const path = url.slice(target.base_url.length).replace(/\?.*/s, '')
  const where = `${isPath ? '' : 'perhaps '}there is nothing at ${path}`
  const told = `${message.replace(/[.\s]+$/, '')} (${where}: ${lookAt(url, path)})`
  // whatever the server calls it, the request has no part in it: another may answer
  return new GatewayError('not_found', told, { type, extra, ...(isPath && { code: 'unknown_url' }) })
}

function lookAt(url: string, path: string): string {
  if (VERSION.test(url)) return 'check base_url, with and without /v1'
  return BEHIND_VERSION.test(path) ? 'base_url may lack /v1' : 'check base_url'
}

/** As a word of its own: one that is called `m` is in every sentence. */
function names(message: string, model: string): boolean {
  return model !== '' && new RegExp(`(?<![\\w-])${RegExp.escape(model)}(?![\\w-])`).test(message)
}
