/** Something that a button has the server do: one at a time, and what went wrong the last time. */
import { useRef, useState } from 'preact/hooks'

export interface Work {
  isBusy: boolean
  error: Error | undefined
  /** Does nothing while another runs. */
  run(what: () => Promise<void>): Promise<void>
}

export function useWork(): Work {
  const [isBusy, setBusy] = useState(false)
  // known before the page is drawn again
  const runs = useRef(false)
  const [error, fail] = useState<Error | undefined>(undefined)
  return {
    isBusy,
    error,
    async run(what) {
      if (runs.current) return
      runs.current = true
      fail(undefined)
      setBusy(true)
      try {
        await what()
      } catch (cause) {
        fail(cause as Error)
      }
      runs.current = false
      setBusy(false)
    },
  }
}
