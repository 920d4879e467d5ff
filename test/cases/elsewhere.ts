/** Handed cases that one answer to one request does not show: the test that holds each, by its file and its words. */
export const ELSEWHERE: Record<string, [file: string, title: string]> = {
  '002': ['cases/staged.test.ts', 'a silence within a stream is bridged by lines that end no event'],
  '008': ['cases/staged.test.ts', 'a conversation on idle keys stays on one'],
  '009': ['config/clients.test.ts', 'a key that no header carries'],
  '019': ['faults/patience.test.ts', 'may take longer than the first byte of a stream'],
  '039': ['cases/staged.test.ts', 'a prompt that is too long for one model goes to the next tier'],
  '045': ['cases/staged.test.ts', 'a browser asks before it calls'],
}

/** Handed cases that are not right yet, each with its reason. */
export const LEFT: Record<string, string> = {}
