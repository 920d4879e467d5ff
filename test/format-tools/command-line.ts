import { vi } from 'vitest'

/** What a command printed, and its exit code. */
export async function printed(run: () => Promise<number>): Promise<{ code: number; text: string }> {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line: unknown) => void lines.push(String(line)))
  try {
    const code = await run()
    return { code, text: lines.join('\n') }
  } finally {
    log.mockRestore()
  }
}
