/** A call that takes too long is given up. An answer that came while this process itself was busy is not late: it is read first. */
export function inTime<T>(call: Promise<T>, timeout: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`no answer within ${timeout} ms`))
    // Of a turn of the event loop timers come before sockets, and immediates after them.
    const timer = setTimeout(() => setImmediate(late), timeout)
    call.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
