// Hono and the Vercel AI SDK: one route that streams UI messages; the same app runs on Node and on workerd.
import { Hono } from 'hono'
import { simulateReadableStream, streamText } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import PASSAGES from './passages.json' with { type: 'json' }

const words = (text) => text.toLowerCase().match(/[a-z]+/g) ?? []
const textOf = (message) => message.parts?.map((part) => part.text ?? '').join('') ?? message.content

function found(question) {
  const asked = new Set(words(question))
  const shared = (passage) => words(passage.text).filter((word) => asked.has(word)).length
  return [...PASSAGES].sort((a, b) => shared(b) - shared(a)).slice(0, 2)
}

const reciter = (text) => new MockLanguageModelV3({
  doStream: async () => {
    const pieces = text.match(/\S+\s*/g)
    const outputTokens = { total: pieces.length, text: pieces.length, reasoning: 0 }
    const inputTokens = { total: 9, noCache: 9, cacheRead: 0, cacheWrite: 0 }
    return { stream: simulateReadableStream({ initialDelayInMs: 40, chunkDelayInMs: 4, chunks: [
      { type: 'stream-start', warnings: [] },
      { type: 'text-start', id: 'a' },
      ...pieces.map((delta) => ({ type: 'text-delta', id: 'a', delta })),
      { type: 'text-end', id: 'a' },
      { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage: { inputTokens, outputTokens } },
    ] }) }
  },
})

export const app = new Hono()
app.get('/', (c) => c.text('the tool library answers at /api/chat'))
app.post('/api/chat', async (c) => {
  const { messages } = await c.req.json()
  const question = textOf(messages.at(-1))
  const passages = found(question)
  const said = streamText({ model: reciter('The house rules say: ' + passages[0].text), prompt: question })
  return said.toUIMessageStreamResponse({
    messageMetadata: ({ part }) =>
      part.type === 'finish' ? { usage: part.totalUsage, sources: passages.map((p) => p.id) } : undefined,
  })
})
