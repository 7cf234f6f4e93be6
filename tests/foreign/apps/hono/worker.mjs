import { app } from './chat.mjs'

export default { fetch: (request, env, context) => app.fetch(request, env, context) }
