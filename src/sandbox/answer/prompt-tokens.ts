/** The size of a prompt in tokens: what its usage says, and what limits on input are charged. */
import type { ReadMessage, SandboxRequest } from '../request.ts'
import { countTokens } from './tokens.ts'

/** An image counts as this many tokens, whatever its size. */
const MEDIA = 85
/** What surrounds each message, and the answer's own beginning. */
const FRAME = 3

export const promptTokens = (request: SandboxRequest): number =>
  FRAME + toolTokens(request) + request.messages.reduce((sum, message) => sum + messageTokens(message), 0)

export const toolTokens = ({ tools }: SandboxRequest): number =>
  tools.reduce((sum, tool) => sum + countTokens(JSON.stringify(tool)), 0)

export const messageTokens = ({ text, media, calls }: ReadMessage): number =>
  calls.reduce(
    (sum, call) => sum + countTokens(call.name) + countTokens(call.arguments),
    FRAME + countTokens(text) + media.length * MEDIA,
  )
