/**
 * Opaque state of thoughts, calls and texts, in the one place that a Responses client gives back: `encrypted_content` of a
 * reasoning item. It is not secret, and what the upstream checks of it only the upstream can make.
 */
import { isRecord } from '../chat-completions/json-value.ts'
import { parseJson } from '../../runtime/json/json.ts'

export interface SealedThought {
  /** Of a thought, a call or the text. */
  signature?: string
  /** Instead of a text. */
  data?: string
  /** The call that is signed, by its id. */
  call?: string
  /** The text before is signed. */
  text?: true
}

const MARK = 'bc1.'

export function sealThought(thought: SealedThought): string {
  return MARK + Buffer.from(JSON.stringify(thought)).toString('base64url')
}

/** Undefined for what others have sealed, and for what is no seal. */
export function unsealThought(sealed: unknown): SealedThought | undefined {
  if (typeof sealed !== 'string' || !sealed.startsWith(MARK)) return undefined
  const thought = parseJson(Buffer.from(sealed.slice(MARK.length), 'base64url').toString())
  if (!isRecord(thought)) return undefined
  const { signature, data, call, text } = thought
  return {
    ...(typeof signature === 'string' && { signature }),
    ...(typeof data === 'string' && { data }),
    ...(typeof call === 'string' && { call }),
    ...(text === true && { text }),
  }
}
