/** Loaded into the gateway's process: tells which of the texts that a pattern finds are in its memory after a collection. */
import { text } from 'node:stream/consumers'
import { getHeapSnapshot } from 'node:v8'

export interface HeapQuestion {
  /** A regular expression; its first group is what is told. */
  pattern: string
}

export interface HeapAnswer {
  /** Of all texts in the heap, each once. */
  found: string[]
}

process.on('message', async ({ pattern }: HeapQuestion) => {
  // taken after a full collection: what is in it is held by something
  const heap = await text(getHeapSnapshot())
  const found = new Set<string>(Array.from(heap.matchAll(new RegExp(pattern, 'g')), ([, group = '']) => group))
  process.send?.({ found: [...found] } satisfies HeapAnswer)
})
// nothing that keeps the process up when it has ended
process.channel?.unref()
