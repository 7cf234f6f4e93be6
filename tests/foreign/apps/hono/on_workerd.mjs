// Bundles the worker as a deployment would, and serves it with Cloudflare's own runtime.
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'

await build({
  entryPoints: ['worker.mjs'], outfile: 'bundle.mjs', bundle: true, format: 'esm', platform: 'node',
  conditions: ['workerd', 'worker', 'browser'], logLevel: 'error',
})
const runtime = new Miniflare({
  modules: true, scriptPath: 'bundle.mjs', host: '127.0.0.1', port: Number(process.env.PORT),
  compatibilityDate: '2026-04-01', compatibilityFlags: ['nodejs_compat'],
})
await runtime.ready
process.on('SIGTERM', async () => { await runtime.dispose(); process.exit(0) })
