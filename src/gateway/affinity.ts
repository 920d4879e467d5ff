/** Requests that share a beginning share a vendor's prompt cache: the name of that beginning, for the scheduler. */
import type { ChatRequest } from '../chat/request.ts'

/** Characters of the prompt that are looked at: vendors cache from about 1,024 tokens on. */
const PREFIX = 4096

/** The client's own cache key, else a hash of the first messages and the tools' names. */
export function affinityOf(request: ChatRequest, client: string | undefined): string {
  const own = request.options['prompt_cache_key']
  if (typeof own === 'string' && own !== '') return `${client ?? ''}|${own}`
  let hash = fnv(client ?? '', 0x811c9dc5)
  for (const tool of request.tools ?? []) hash = fnv(tool.name, hash)
  let left = PREFIX
  for (const message of request.messages) {
    const text = message.text?.slice(0, left) ?? ''
    hash = fnv(text, hash)
    left -= text.length
    // a conversation goes on behind its first question: what follows would tear it from its cache
    if (left <= 0 || message.role === 'user') break
  }
  return (hash >>> 0).toString(36)
}

/** FNV-1a over UTF-16 units: quick, and good enough to tell prompts apart. */
function fnv(text: string, start: number): number {
  let hash = start
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
