/** Collects what is to be sent, and sends all of one turn of the event loop together: a message costs far more than its size. */
export interface MessageBatch<Message> {
  put(message: Message): void
  /** Sends what is there at once. */
  flush(): void
}

export function createMessageBatch<Message>(send: (messages: Message[]) => void): MessageBatch<Message> {
  let messages: Message[] = []
  function flush(): void {
    if (messages.length === 0) return
    const sent = messages
    messages = []
    send(sent)
  }
  return {
    put(message) {
      if (messages.push(message) === 1) setImmediate(flush)
    },
    flush,
  }
}
