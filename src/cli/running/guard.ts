/** What is left to do when this process is killed and can do nothing itself: the agent is told to end, and its files go. */
import { spawn } from 'node:child_process'

export interface Guard {
  watch(agent: number): void
  /** Nothing is left to do. */
  dismiss(): void
}

/** A shell that reads until this process is gone. It waits for the agent, which may write its state at the end. */
const SCRIPT = `agent=
while read -r word; do [ "$word" != end ] || exit 0; agent=$word; done
if [ -n "$agent" ]; then
  kill -TERM "$agent"
  for _ in 1 2 3 4 5; do kill -0 "$agent" || break; sleep 1; done
fi
[ -z "$1" ] || rm -rf -- "$1"`

/** @param folder what to remove */
export function postGuard(folder: string | undefined): Guard {
  if (process.platform === 'win32') return { watch: () => {}, dismiss: () => {} }
  // in a session of its own: what ends a terminal's processes is not for it
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'balanced-call', folder ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  // without a shell there is no guard, and a shell that has been killed reads nothing
  shell.on('error', () => {})
  shell.stdin.on('error', () => {})
  shell.unref()
  return {
    watch: (agent) => void shell.stdin.write(`${agent}\n`),
    dismiss: () => void shell.stdin.end('end\n'),
  }
}
