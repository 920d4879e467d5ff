/** Collects what is to be sent, and sends all of one turn of the event loop together: a message costs far more than its size. */
export interface MessageBatch<Message> {
  put(message: Message): void
  /** The same, with whatever goes next, or after some milliseconds. */
  putLater(message: Message): void
  /** Sends what is there at once. */
  flush(): void
}

/** Milliseconds that what nobody waits for may lie here. */
const LATER = 5

export function createMessageBatch<Message>(send: (messages: Message[]) => void): MessageBatch<Message> {
  let messages: Message[] = []
  let isDue = false
  let isTimed = false
  function flush(): void {
    isDue = false
    if (messages.length === 0) return
    const sent = messages
    messages = []
    send(sent)
  }
  function flushLate(): void {
    isTimed = false
    flush()
  }
  return {
    put(message) {
      messages.push(message)
      if (isDue) return
      isDue = true
      setImmediate(flush)
    },
    putLater(message) {
      messages.push(message)
      if (isDue || isTimed) return
      isTimed = true
      setTimeout(flushLate, LATER)
    },
    flush,
  }
}
