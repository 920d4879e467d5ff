/**
 * Where opaque state of a thought rides on a tool call or a message of OpenAI's wire. OpenAI has no field for it; this
 * path is what the vendor that invented the state writes on its own OpenAI-compatible endpoint, and what SDKs send back.
 */
export function toExtraContent(signature: string): Record<string, unknown> {
  return { google: { thought_signature: signature } }
}

/** The state that a client sent back, or nothing. */
export function fromExtraContent(extra: unknown): string | undefined {
  const signature = (extra as { google?: { thought_signature?: unknown } | null } | null | undefined)?.google
    ?.thought_signature
  return typeof signature === 'string' && signature !== '' ? signature : undefined
}
